complete -c ssetail -s n -l lines -d 'Begin with the last N lines of each file that exists at start, or with +N, from line N' -r
complete -c ssetail -s f -l follow -d 'Accepted, so that tail habits work; files are always followed, by name' -r
complete -c ssetail -l linger -d 'How long a replaced file is still read' -r
complete -c ssetail -l max-line -d 'A longer line is sent in parts' -r
complete -c ssetail -l include -d 'Publish only lines that match; repeatable' -r
complete -c ssetail -l exclude -d 'Do not publish lines that match; repeatable' -r
complete -c ssetail -l format -d 'What the data of an event holds' -r -f -a "text\t'The line'
json\t'An object with file, message, time and offset'
base64\t'The line\'s bytes in base64'
buffer\t'As json, with the message as Node\'s `Buffer#toJSON`'"
complete -c ssetail -l heartbeat -d 'Send a comment after so much silence' -r
complete -c ssetail -l reconnect-delay -d 'How long a client waits before it reconnects' -r
complete -c ssetail -l replay -d 'How many lines are kept for clients that come, or come back; 0 keeps none' -r
complete -c ssetail -l replay-bytes -d 'How much memory they may take' -r
complete -c ssetail -l index-bytes -d 'How much memory may be taken to find lines beyond that in their files' -r
complete -c ssetail -l state -d 'Keep ids and places in this directory, so that a restart goes on where this run stops' -r -F
complete -c ssetail -l spool -d 'Keep standard input in a file, so that it can be sent again too; an earlier FILE becomes FILE.1' -r
complete -c ssetail -l spool-bytes -d 'Keep no more than so much of it, in FILE and older parts FILE.1 and so on; else all of it' -r
complete -c ssetail -s p -l port -d 'The port to listen on; 0 takes a free one' -r
complete -c ssetail -s b -l bind -d 'An IP address to listen on, or unix:PATH for a socket; repeatable; if none, both of localhost' -r
complete -c ssetail -l endpoint -d 'Where the event stream is served' -r
complete -c ssetail -l path-prefix -d 'Serve everything below this path, for a reverse proxy' -r
complete -c ssetail -l max-clients -d 'How many event streams may be open; further clients are asked to come back later' -r
complete -c ssetail -l send-timeout -d 'Drop a peer that takes no byte for so long' -r
complete -c ssetail -s a -l auth -d 'Let in who knows this user and password; better in the environment, where ps does not show it' -r
complete -c ssetail -l token -d 'Let in who knows this token, from a header, a cookie or the URL; better in the environment' -r
complete -c ssetail -l token-file -d 'Read the token from a file' -r -F
complete -c ssetail -l cors -d 'Let pages of this origin read, beside loopback origins; \'*\' for any, null for pages from disk; repeatable' -r
complete -c ssetail -l allow-host -d 'Accept this host name, beside loopback names and IP addresses; repeatable' -r
complete -c ssetail -l tls-cert -d 'Encrypt, with the certificate chain in this PEM file; HTTP/2 is then offered too' -r -F
complete -c ssetail -l tls-key -d 'The certificate\'s key, in a PEM file' -r -F
complete -c ssetail -l completions -d 'Print the completions for a shell: bash, zsh, fish, powershell or elvish' -r -f -a "bash\t''
elvish\t''
fish\t''
powershell\t''
zsh\t''"
complete -c ssetail -l from-start -d 'Begin with the first line: the same as -n +1'
complete -c ssetail -l binary -d 'Follow bytes instead of lines: every chunk is an event'
complete -c ssetail -l tee -d 'Copy standard input to standard output, byte for byte'
complete -c ssetail -l exit-on-eof -d 'When standard input has ended: deliver what is owed and exit'
complete -c ssetail -l unnamed -d 'Send lines without an event name, so that `onmessage` receives them'
complete -c ssetail -l no-viewer -d 'Serve no page, only the stream'
complete -c ssetail -l open -d 'Open the page in the browser'
complete -c ssetail -l no-auth -d 'Let anybody in, also when listening beyond this machine'
complete -c ssetail -s q -l quiet -d 'No status line at the terminal'
complete -c ssetail -s v -l verbose -d 'Say one line for each request: time, peer, method, path, status, duration, events, bytes'
complete -c ssetail -l man -d 'Print the man page'
complete -c ssetail -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ssetail -s V -l version -d 'Print version'
