
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
            cand -n 'Begin with the last N lines of each file that exists at start, or with +N, from line N'
            cand --lines 'Begin with the last N lines of each file that exists at start, or with +N, from line N'
            cand -f 'Accepted, so that tail habits work; files are always followed, by name'
            cand --follow 'Accepted, so that tail habits work; files are always followed, by name'
            cand --linger 'How long a replaced file is still read'
            cand --max-line 'A longer line is sent in parts'
            cand --include 'Publish only lines that match; repeatable'
            cand --exclude 'Do not publish lines that match; repeatable'
            cand --format 'What the data of an event holds'
            cand --heartbeat 'Send a comment after so much silence'
            cand --reconnect-delay 'How long a client waits before it reconnects'
            cand --replay 'How many lines are kept for clients that come, or come back; 0 keeps none'
            cand --replay-bytes 'How much memory they may take'
            cand --index-bytes 'How much memory may be taken to find lines beyond that in their files'
            cand --state 'Keep ids and places in this directory, so that a restart goes on where this run stops'
            cand --spool 'Keep standard input in a file, so that it can be sent again too; an earlier FILE becomes FILE.1'
            cand --spool-bytes 'Keep no more than so much of it, in FILE and older parts FILE.1 and so on; else all of it'
            cand -p 'The port to listen on; 0 takes a free one'
            cand --port 'The port to listen on; 0 takes a free one'
            cand -b 'An IP address to listen on, or unix:PATH for a socket; repeatable; if none, both of localhost'
            cand --bind 'An IP address to listen on, or unix:PATH for a socket; repeatable; if none, both of localhost'
            cand --endpoint 'Where the event stream is served'
            cand --path-prefix 'Serve everything below this path, for a reverse proxy'
            cand --max-clients 'How many event streams may be open; further clients are asked to come back later'
            cand --send-timeout 'Drop a peer that takes no byte for so long'
            cand -a 'Let in who knows this user and password; better in the environment, where ps does not show it'
            cand --auth 'Let in who knows this user and password; better in the environment, where ps does not show it'
            cand --token 'Let in who knows this token, from a header, a cookie or the URL; better in the environment'
            cand --token-file 'Read the token from a file'
            cand --cors 'Let pages of this origin read, beside loopback origins; ''*'' for any, null for pages from disk; repeatable'
            cand --allow-host 'Accept this host name, beside loopback names and IP addresses; repeatable'
            cand --tls-cert 'Encrypt, with the certificate chain in this PEM file; HTTP/2 is then offered too'
            cand --tls-key 'The certificate''s key, in a PEM file'
            cand --completions 'Print the completions for a shell: bash, zsh, fish, powershell or elvish'
            cand --from-start 'Begin with the first line: the same as -n +1'
            cand --binary 'Follow bytes instead of lines: every chunk is an event'
            cand --tee 'Copy standard input to standard output, byte for byte'
            cand --exit-on-eof 'When standard input has ended: deliver what is owed and exit'
            cand --unnamed 'Send lines without an event name, so that `onmessage` receives them'
            cand --no-viewer 'Serve no page, only the stream'
            cand --open 'Open the page in the browser'
            cand --no-auth 'Let anybody in, also when listening beyond this machine'
            cand -q 'No status line at the terminal'
            cand --quiet 'No status line at the terminal'
            cand -v 'Say one line for each request: time, peer, method, path, status, duration, events, bytes'
            cand --verbose 'Say one line for each request: time, peer, method, path, status, duration, events, bytes'
            cand --man 'Print the man page'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
    ]
    $completions[$command]
}
