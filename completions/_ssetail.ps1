
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
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Begin with the last N lines of each file that exists at start, or with +N, from line N')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'Begin with the last N lines of each file that exists at start, or with +N, from line N')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Accepted, so that tail habits work; files are always followed, by name')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Accepted, so that tail habits work; files are always followed, by name')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'How long a replaced file is still read')
            [CompletionResult]::new('--max-line', '--max-line', [CompletionResultType]::ParameterName, 'A longer line is sent in parts')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Publish only lines that match; repeatable')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Do not publish lines that match; repeatable')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What the data of an event holds')
            [CompletionResult]::new('--heartbeat', '--heartbeat', [CompletionResultType]::ParameterName, 'Send a comment after so much silence')
            [CompletionResult]::new('--reconnect-delay', '--reconnect-delay', [CompletionResultType]::ParameterName, 'How long a client waits before it reconnects')
            [CompletionResult]::new('--replay', '--replay', [CompletionResultType]::ParameterName, 'How many lines are kept for clients that come, or come back; 0 keeps none')
            [CompletionResult]::new('--replay-bytes', '--replay-bytes', [CompletionResultType]::ParameterName, 'How much memory they may take')
            [CompletionResult]::new('--index-bytes', '--index-bytes', [CompletionResultType]::ParameterName, 'How much memory may be taken to find lines beyond that in their files')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Keep ids and places in this directory, so that a restart goes on where this run stops')
            [CompletionResult]::new('--spool', '--spool', [CompletionResultType]::ParameterName, 'Keep standard input in a file, so that it can be sent again too; an earlier FILE becomes FILE.1')
            [CompletionResult]::new('--spool-bytes', '--spool-bytes', [CompletionResultType]::ParameterName, 'Keep no more than so much of it, in FILE and older parts FILE.1 and so on; else all of it')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'The port to listen on; 0 takes a free one')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port to listen on; 0 takes a free one')
            [CompletionResult]::new('-b', '-b', [CompletionResultType]::ParameterName, 'An IP address to listen on, or unix:PATH for a socket; repeatable; if none, both of localhost')
            [CompletionResult]::new('--bind', '--bind', [CompletionResultType]::ParameterName, 'An IP address to listen on, or unix:PATH for a socket; repeatable; if none, both of localhost')
            [CompletionResult]::new('--endpoint', '--endpoint', [CompletionResultType]::ParameterName, 'Where the event stream is served')
            [CompletionResult]::new('--path-prefix', '--path-prefix', [CompletionResultType]::ParameterName, 'Serve everything below this path, for a reverse proxy')
            [CompletionResult]::new('--max-clients', '--max-clients', [CompletionResultType]::ParameterName, 'How many event streams may be open; further clients are asked to come back later')
            [CompletionResult]::new('--send-timeout', '--send-timeout', [CompletionResultType]::ParameterName, 'Drop a peer that takes no byte for so long')
            [CompletionResult]::new('-a', '-a', [CompletionResultType]::ParameterName, 'Let in who knows this user and password; better in the environment, where ps does not show it')
            [CompletionResult]::new('--auth', '--auth', [CompletionResultType]::ParameterName, 'Let in who knows this user and password; better in the environment, where ps does not show it')
            [CompletionResult]::new('--token', '--token', [CompletionResultType]::ParameterName, 'Let in who knows this token, from a header, a cookie or the URL; better in the environment')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the token from a file')
            [CompletionResult]::new('--cors', '--cors', [CompletionResultType]::ParameterName, 'Let pages of this origin read, beside loopback origins; ''*'' for any, null for pages from disk; repeatable')
            [CompletionResult]::new('--allow-host', '--allow-host', [CompletionResultType]::ParameterName, 'Accept this host name, beside loopback names and IP addresses; repeatable')
            [CompletionResult]::new('--tls-cert', '--tls-cert', [CompletionResultType]::ParameterName, 'Encrypt, with the certificate chain in this PEM file; HTTP/2 is then offered too')
            [CompletionResult]::new('--tls-key', '--tls-key', [CompletionResultType]::ParameterName, 'The certificate''s key, in a PEM file')
            [CompletionResult]::new('--completions', '--completions', [CompletionResultType]::ParameterName, 'Print the completions for a shell: bash, zsh, fish, powershell or elvish')
            [CompletionResult]::new('--from-start', '--from-start', [CompletionResultType]::ParameterName, 'Begin with the first line: the same as -n +1')
            [CompletionResult]::new('--binary', '--binary', [CompletionResultType]::ParameterName, 'Follow bytes instead of lines: every chunk is an event')
            [CompletionResult]::new('--tee', '--tee', [CompletionResultType]::ParameterName, 'Copy standard input to standard output, byte for byte')
            [CompletionResult]::new('--exit-on-eof', '--exit-on-eof', [CompletionResultType]::ParameterName, 'When standard input has ended: deliver what is owed and exit')
            [CompletionResult]::new('--unnamed', '--unnamed', [CompletionResultType]::ParameterName, 'Send lines without an event name, so that `onmessage` receives them')
            [CompletionResult]::new('--no-viewer', '--no-viewer', [CompletionResultType]::ParameterName, 'Serve no page, only the stream')
            [CompletionResult]::new('--open', '--open', [CompletionResultType]::ParameterName, 'Open the page in the browser')
            [CompletionResult]::new('--no-auth', '--no-auth', [CompletionResultType]::ParameterName, 'Let anybody in, also when listening beyond this machine')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No status line at the terminal')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No status line at the terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say one line for each request: time, peer, method, path, status, duration, events, bytes')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say one line for each request: time, peer, method, path, status, duration, events, bytes')
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
