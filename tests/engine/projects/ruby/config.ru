require "tempfile"

# A POST keeps its body in a temporary file, as an upload does.
run lambda { |env|
  if env["REQUEST_METHOD"] == "POST"
    Tempfile.create("memo") { |scratch| scratch.write(env["rack.input"].read) }
    [201, { "content-type" => "text/plain" }, ["saved\n"]]
  else
    [200, { "content-type" => "text/plain" }, ["ok\n"]]
  end
}
