-- Neovim with the settings of docs/editors.md: it shows a finding, applies its fix and writes the file.
-- Usage: nvim --headless -u NONE -c 'luafile SETTINGS' -c 'luafile THIS' FILE
local function fail(why)
  io.stderr:write('neovim: ' .. why .. '\n')
  vim.cmd('cquit 1')
end

vim.cmd('filetype on')
vim.cmd('edit ' .. vim.fn.fnameescape(vim.env.ROFS_FILE))

local function found()
  local all = vim.diagnostic.get(0)
  return #all > 0 and all
end
if not vim.wait(10000, found, 20) then return fail('no diagnostics') end
local first = vim.diagnostic.get(0)[1]
if first.source ~= 'rofs-harden' or first.lnum ~= 1 or first.col ~= 2 then return fail('another place: ' .. vim.inspect(first)) end

local _, client = next(vim.lsp.buf_get_clients(0))
local place = { line = 1, character = 3 }
local params = {
  textDocument = vim.lsp.util.make_text_document_params(),
  range = { start = place, ['end'] = place },
  context = { diagnostics = {}, only = { 'quickfix' } },
}
local answer = client.request_sync('textDocument/codeAction', params, 10000, 0)
if not answer or answer.err then return fail('no actions: ' .. vim.inspect(answer)) end
local chosen
for _, action in ipairs(answer.result) do
  if action.isPreferred then chosen = action end
end
if not chosen then return fail('no preferred action') end
if not chosen.edit then
  answer = client.request_sync('codeAction/resolve', chosen, 10000, 0)
  chosen = answer and answer.result or fail('no edit')
end
vim.lsp.util.apply_workspace_edit(chosen.edit, client.offset_encoding)

local function is_gone()
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do
    if diagnostic.code == 'writable-root' then return false end
  end
  return true
end
if not vim.wait(10000, is_gone, 20) then return fail('the finding is still there') end
vim.cmd('write')
vim.cmd('qall!')
