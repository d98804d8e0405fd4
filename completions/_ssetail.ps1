
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'ssetail' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'ssetail'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'ssetail' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Start with the last N lines of each file that exists at startup, and of its rotated files if it has fewer; +N starts with line N')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'Start with the last N lines of each file that exists at startup, and of its rotated files if it has fewer; +N starts with line N')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Start with the first line at or after TIME; e.g. 10m (ago), 14:00, 2026-11-25 or 2026-11-25T14:00:00Z')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Accepted for compatibility with tail; files are always followed by name')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Accepted for compatibility with tail; files are always followed by name')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'Time for which a replaced file is still read')
            [CompletionResult]::new('--max-line', '--max-line', [CompletionResultType]::ParameterName, 'Maximum length of a line; a longer line is sent in parts, which filters see as a whole up to 1 MiB')
            [CompletionResult]::new('--decode', '--decode', [CompletionResultType]::ParameterName, 'Follow the logs of a container runtime, and publish what the programs wrote')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Publish `[redacted]` in place of what matches; groups named keep stay; repeatable')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Publish only lines that match; $ stands before \r\n too; repeatable')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Do not publish lines that match; $ stands before \r\n too; repeatable')
            [CompletionResult]::new('--tls-ca', '--tls-ca', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file in place of those of the system, for https:// sources')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Format of the data of an event')
            [CompletionResult]::new('--heartbeat', '--heartbeat', [CompletionResultType]::ParameterName, 'Send a comment after this time without an event')
            [CompletionResult]::new('--reconnect-delay', '--reconnect-delay', [CompletionResultType]::ParameterName, 'Time that clients wait before they reconnect')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'Number of lines kept in memory for new and returning clients; 0 keeps none')
            [CompletionResult]::new('--replay-bytes', '--replay-bytes', [CompletionResultType]::ParameterName, 'Maximum memory for these lines')
            [CompletionResult]::new('--index-bytes', '--index-bytes', [CompletionResultType]::ParameterName, 'Maximum memory for the index of older lines, which are read again from their files')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Directory for event ids and file offsets, so that a restart continues where this run stops')
            [CompletionResult]::new('--spool', '--spool', [CompletionResultType]::ParameterName, 'Write standard input or the command''s output to FILE, so that it can be sent again; an existing FILE becomes FILE.1')
            [CompletionResult]::new('--spool-bytes', '--spool-bytes', [CompletionResultType]::ParameterName, 'Maximum size of FILE and its older parts, FILE.1 and so on, together; unlimited if not given')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Port to listen on; 0 selects a free port')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port to listen on; 0 selects a free port')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'IP address to listen on, or unix:PATH for a Unix socket; repeatable; both loopback addresses if not given')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'IP address to listen on, or unix:PATH for a Unix socket; repeatable; both loopback addresses if not given')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'URL path of the event stream')
            [CompletionResult]::new('--path-prefix', '--path-prefix', [CompletionResultType]::ParameterName, 'Prefix of every URL path, for a reverse proxy')
            [CompletionResult]::new('--max-clients', '--max-clients', [CompletionResultType]::ParameterName, 'Maximum number of open event streams; further clients are asked to retry later')
            [CompletionResult]::new('--send-timeout', '--send-timeout', [CompletionResultType]::ParameterName, 'Close a connection whose peer accepts no byte for this time')
            [CompletionResult]::new('--compress', '--compress', [CompletionResultType]::ParameterName, 'Compress event streams with gzip for clients that accept it; auto leaves out this machine')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Admit clients that send this user and password; prefer the environment, which ps does not show')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Admit clients that send this user and password; prefer the environment, which ps does not show')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Admit clients that send this token in a header, a cookie or the URL; prefer the environment')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the token from a file')
            [CompletionResult]::new('--cors', '--cors', [CompletionResultType]::ParameterName, 'Admit web pages of this origin, besides loopback origins; ''*'' for any origin, null for pages from disk; repeatable')
            [CompletionResult]::new('--allow-host', '--allow-host', [CompletionResultType]::ParameterName, 'Accept this host name, besides loopback names and IP addresses; ''*.NAME'' for all names below; repeatable')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Encrypt with the certificate chain in this PEM file, and offer HTTP/2')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'Private key of the certificate, in a PEM file')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Publish all events to a NATS JetStream too: nats://HOST[:PORT]/STREAM, or tls://; TOKEN@ or USER:PASS@ may stand before HOST')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Name of this machine in the stream; the host name if not given')
            [CompletionResult]::new('--replicas', '--replicas', [CompletionResultType]::ParameterName, 'Number of servers that have each message of a new stream')
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'Time after which a new stream removes events; never if not given')
            [CompletionResult]::new('--max-bytes', '--max-bytes', [CompletionResultType]::ParameterName, 'Size above which a new stream removes its oldest events; unlimited if not given')
            [CompletionResult]::new('--nats-creds', '--nats-creds', [CompletionResultType]::ParameterName, 'File with the JWT and the key for a NATS server')
            [CompletionResult]::new('--completions', '--completions', [CompletionResultType]::ParameterName, 'Print the completion script for a shell: bash, zsh, fish, powershell or elvish')
            [CompletionResult]::new('--from-start', '--from-start', [CompletionResultType]::ParameterName, 'Start with the first line of the oldest rotated file: the same as -n +1')
            [CompletionResult]::new('--binary', '--binary', [CompletionResultType]::ParameterName, 'Publish chunks of bytes instead of lines; each chunk is an event')
            [CompletionResult]::new('--redact-secrets', '--redact-secrets', [CompletionResultType]::ParameterName, 'Redact well-known secrets: passwords, tokens, cloud keys and private keys')
            [CompletionResult]::new('--tee', '--tee', [CompletionResultType]::ParameterName, 'Copy standard input to standard output, byte for byte')
            [CompletionResult]::new('--exit-on-eof', '--exit-on-eof', [CompletionResultType]::ParameterName, 'At the end of standard input and the command, deliver all events and exit')
            [CompletionResult]::new('--unnamed', '--unnamed', [CompletionResultType]::ParameterName, 'Send lines without an event name, so that `onmessage` receives them')
            [CompletionResult]::new('--no-viewer', '--no-viewer', [CompletionResultType]::ParameterName, 'Do not serve the web page')
            [CompletionResult]::new('--open', '--open', [CompletionResultType]::ParameterName, 'Open the web page in a browser')
            [CompletionResult]::new('--no-auth', '--no-auth', [CompletionResultType]::ParameterName, 'Admit every client, even when other machines can connect')
            [CompletionResult]::new('--create', '--create', [CompletionResultType]::ParameterName, 'Make the stream if it does not exist, with files as its storage')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Show no status line on the terminal')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Show no status line on the terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log one line per request: time, peer, method, path, status, duration, events, bytes')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log one line per request: time, peer, method, path, status, duration, events, bytes')
            [CompletionResult]::new('--man', '--man', [CompletionResultType]::ParameterName, 'Print the man page')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
