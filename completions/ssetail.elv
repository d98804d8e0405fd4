
use builtin;
use str;

set edit:completion:arg-completer[ssetail] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'ssetail'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'ssetail'= {
            cand -n 'Start with the last N lines of each file that exists at startup, and of its rotated files if it has fewer; +N starts with line N'
            cand --lines 'Start with the last N lines of each file that exists at startup, and of its rotated files if it has fewer; +N starts with line N'
            cand --since 'Start with the first line at or after TIME; e.g. 10m (ago), 14:00, 2026-11-25 or 2026-11-25T14:00:00Z'
            cand -f 'Accepted for compatibility with tail; files are always followed by name'
            cand --follow 'Accepted for compatibility with tail; files are always followed by name'
            cand --linger 'Time for which a replaced file is still read'
            cand --max-line 'Maximum length of a line; a longer line is sent in parts, which filters see as a whole up to 1 MiB'
            cand --decode 'Follow the logs of a container runtime, and publish what the programs wrote'
            cand --redact 'Publish `[redacted]` in place of what matches; groups named keep stay; repeatable'
            cand --include 'Publish only lines that match; $ stands before \r\n too; repeatable'
            cand --exclude 'Do not publish lines that match; $ stands before \r\n too; repeatable'
            cand --tls-ca 'Trust the certificate authorities in this PEM file in place of those of the system, for https:// sources'
            cand --format 'Format of the data of an event'
            cand --heartbeat 'Send a comment after this time without an event'
            cand --reconnect-delay 'Time that clients wait before they reconnect'
            cand --replay 'Number of lines kept in memory for new and returning clients; 0 keeps none'
            cand --replay-bytes 'Maximum memory for these lines'
            cand --index-bytes 'Maximum memory for the index of older lines, which are read again from their files'
            cand --state 'Directory for event ids and file offsets, so that a restart continues where this run stops'
            cand --spool 'Write standard input or the command''s output to FILE, so that it can be sent again; an existing FILE becomes FILE.1'
            cand --spool-bytes 'Maximum size of FILE and its older parts, FILE.1 and so on, together; unlimited if not given'
            cand -p 'Port to listen on; 0 selects a free port'
            cand --port 'Port to listen on; 0 selects a free port'
            cand -b 'IP address to listen on, or unix:PATH for a Unix socket; repeatable; both loopback addresses if not given'
            cand --bind 'IP address to listen on, or unix:PATH for a Unix socket; repeatable; both loopback addresses if not given'
            cand --endpoint 'URL path of the event stream'
            cand --path-prefix 'Prefix of every URL path, for a reverse proxy'
            cand --max-clients 'Maximum number of open event streams; further clients are asked to retry later'
            cand --send-timeout 'Close a connection whose peer accepts no byte for this time'
            cand --compress 'Compress event streams with gzip for clients that accept it; auto leaves out this machine'
            cand -a 'Admit clients that send this user and password; prefer the environment, which ps does not show'
            cand --auth 'Admit clients that send this user and password; prefer the environment, which ps does not show'
            cand --token 'Admit clients that send this token in a header, a cookie or the URL; prefer the environment'
            cand --token-file 'Read the token from a file'
            cand --cors 'Admit web pages of this origin, besides loopback origins; ''*'' for any origin, null for pages from disk; repeatable'
            cand --allow-host 'Accept this host name, besides loopback names and IP addresses; ''*.NAME'' for all names below; repeatable'
            cand --tls-cert 'Encrypt with the certificate chain in this PEM file, and offer HTTP/2'
            cand --tls-key 'Private key of the certificate, in a PEM file'
            cand --to 'Publish all events to a NATS JetStream too: nats://HOST[:PORT]/STREAM, or tls://; TOKEN@ or USER:PASS@ may stand before HOST'
            cand --host 'Name of this machine in the stream; the host name if not given'
            cand --replicas 'Number of servers that have each message of a new stream'
            cand --max-age 'Time after which a new stream removes events; never if not given'
            cand --max-bytes 'Size above which a new stream removes its oldest events; unlimited if not given'
            cand --nats-creds 'File with the JWT and the key for a NATS server'
            cand --completions 'Print the completion script for a shell: bash, zsh, fish, powershell or elvish'
            cand --from-start 'Start with the first line of the oldest rotated file: the same as -n +1'
            cand --binary 'Publish chunks of bytes instead of lines; each chunk is an event'
            cand --redact-secrets 'Redact well-known secrets: passwords, tokens, cloud keys and private keys'
            cand --tee 'Copy standard input to standard output, byte for byte'
            cand --exit-on-eof 'At the end of standard input and the command, deliver all events and exit'
            cand --unnamed 'Send lines without an event name, so that `onmessage` receives them'
            cand --no-viewer 'Do not serve the web page'
            cand --open 'Open the web page in a browser'
            cand --no-auth 'Admit every client, even when other machines can connect'
            cand --create 'Make the stream if it does not exist, with files as its storage'
            cand -q 'Show no status line on the terminal'
            cand --quiet 'Show no status line on the terminal'
            cand -v 'Log one line per request: time, peer, method, path, status, duration, events, bytes'
            cand --verbose 'Log one line per request: time, peer, method, path, status, duration, events, bytes'
            cand --man 'Print the man page'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
    ]
    $completions[$command]
}
