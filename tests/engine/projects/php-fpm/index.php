<?php
// A POST keeps its body in a temporary file, as an upload does.
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $scratch = tempnam(sys_get_temp_dir(), 'memo');
    if ($scratch === false || !str_starts_with($scratch, sys_get_temp_dir()) || file_put_contents($scratch, file_get_contents('php://input')) === false) {
        http_response_code(500);
        exit("could not be kept\n");
    }
    unlink($scratch);
}
echo "ok\n";
