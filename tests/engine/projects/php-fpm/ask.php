<?php
// Asks the FastCGI server of this container for /var/www/html/index.php and fails unless it answers that it is well: ask.php METHOD [BODY]
[, $method, $body] = $argv + [2 => ''];
$record = fn (int $type, string $content) => pack('CCnnCx', 1, $type, 1, strlen($content), 0) . $content;
$parameters = '';
foreach (['SCRIPT_FILENAME' => '/var/www/html/index.php', 'REQUEST_METHOD' => $method, 'CONTENT_LENGTH' => (string) strlen($body)] as $name => $value) {
    $parameters .= chr(strlen($name)) . chr(strlen($value)) . $name . $value;
}
$server = stream_socket_client('tcp://127.0.0.1:9000', timeout: 2) ?: exit(1);
fwrite($server, $record(1, pack('nCx5', 1, 0)) . $record(4, $parameters) . $record(4, '') . ($body === '' ? '' : $record(5, $body)) . $record(5, ''));
$answer = stream_get_contents($server);
exit(str_contains($answer, "\r\n\r\nok\n") ? 0 : 1);
