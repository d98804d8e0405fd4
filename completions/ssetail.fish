complete -c ssetail -s n -l lines -d 'Start with the last N lines of each file that exists at startup, and of its rotated files if it has fewer; +N starts with line N' -r
complete -c ssetail -l since -d 'Start with the first line at or after TIME; e.g. 10m (ago), 14:00, 2026-11-25 or 2026-11-25T14:00:00Z' -r
complete -c ssetail -s f -l follow -d 'Accepted for compatibility with tail; files are always followed by name' -r
complete -c ssetail -l linger -d 'Time for which a replaced file is still read' -r
complete -c ssetail -l max-line -d 'Maximum length of a line; a longer line is sent in parts, which filters see as a whole up to 1 MiB' -r
complete -c ssetail -l decode -d 'Follow the logs of a container runtime, and publish what the programs wrote' -r -f -a "docker\t'JSON objects of Docker\'s json-file driver'
cri\t'TIME STREAM TAGS MESSAGE, as Kubernetes keeps them'"
complete -c ssetail -l redact -d 'Publish `[redacted]` in place of what matches; groups named keep stay; repeatable' -r
complete -c ssetail -l include -d 'Publish only lines that match; $ stands before \\r\\n too; repeatable' -r
complete -c ssetail -l exclude -d 'Do not publish lines that match; $ stands before \\r\\n too; repeatable' -r
complete -c ssetail -l tls-ca -d 'Trust the certificate authorities in this PEM file in place of those of the system, for https:// sources' -r -F
complete -c ssetail -l format -d 'Format of the data of an event' -r -f -a "text\t'The line'
json\t'Object with file, message, time and offset'
base64\t'Bytes of the line in base64'
buffer\t'Like json, with the message as Node\'s `Buffer#toJSON`'
exact\t'The line with everything from which another ssetail makes it again'"
complete -c ssetail -l heartbeat -d 'Send a comment after this time without an event' -r
complete -c ssetail -l reconnect-delay -d 'Time that clients wait before they reconnect' -r
complete -c ssetail -l replay -d 'Number of lines kept in memory for new and returning clients; 0 keeps none' -r
complete -c ssetail -l replay-bytes -d 'Maximum memory for these lines' -r
complete -c ssetail -l index-bytes -d 'Maximum memory for the index of older lines, which are read again from their files' -r
complete -c ssetail -l state -d 'Directory for event ids and file offsets, so that a restart continues where this run stops' -r -F
complete -c ssetail -l spool -d 'Write standard input or the command\'s output to FILE, so that it can be sent again; an existing FILE becomes FILE.1' -r
complete -c ssetail -l spool-bytes -d 'Maximum size of FILE and its older parts, FILE.1 and so on, together; unlimited if not given' -r
complete -c ssetail -s p -l port -d 'Port to listen on; 0 selects a free port' -r
complete -c ssetail -s b -l bind -d 'IP address to listen on, or unix:PATH for a Unix socket; repeatable; both loopback addresses if not given' -r
complete -c ssetail -l endpoint -d 'URL path of the event stream' -r
complete -c ssetail -l path-prefix -d 'Prefix of every URL path, for a reverse proxy' -r
complete -c ssetail -l max-clients -d 'Maximum number of open event streams; further clients are asked to retry later' -r
complete -c ssetail -l send-timeout -d 'Close a connection whose peer accepts no byte for this time' -r
complete -c ssetail -l compress -d 'Compress event streams with gzip for clients that accept it; auto leaves out this machine' -r -f -a "auto\t'Streams to other machines'
always\t'Streams to this machine too, such as those through a proxy on it'
never\t'No streams'"
complete -c ssetail -s a -l auth -d 'Admit clients that send this user and password; prefer the environment, which ps does not show' -r
complete -c ssetail -l token -d 'Admit clients that send this token in a header, a cookie or the URL; prefer the environment' -r
complete -c ssetail -l token-file -d 'Read the token from a file' -r -F
complete -c ssetail -l cors -d 'Admit web pages of this origin, besides loopback origins; \'*\' for any origin, null for pages from disk; repeatable' -r
complete -c ssetail -l allow-host -d 'Accept this host name, besides loopback names and IP addresses; \'*.NAME\' for all names below; repeatable' -r
complete -c ssetail -l tls-cert -d 'Encrypt with the certificate chain in this PEM file, and offer HTTP/2' -r -F
complete -c ssetail -l tls-key -d 'Private key of the certificate, in a PEM file' -r -F
complete -c ssetail -l to -d 'Publish all events to a NATS JetStream too: nats://HOST[:PORT]/STREAM, or tls://; TOKEN@ or USER:PASS@ may stand before HOST' -r
complete -c ssetail -l host -d 'Name of this machine in the stream; the host name if not given' -r
complete -c ssetail -l replicas -d 'Number of servers that have each message of a new stream' -r
complete -c ssetail -l max-age -d 'Time after which a new stream removes events; never if not given' -r
complete -c ssetail -l max-bytes -d 'Size above which a new stream removes its oldest events; unlimited if not given' -r
complete -c ssetail -l nats-creds -d 'File with the JWT and the key for a NATS server' -r -F
complete -c ssetail -l completions -d 'Print the completion script for a shell: bash, zsh, fish, powershell or elvish' -r -f -a "bash\t''
elvish\t''
fish\t''
powershell\t''
zsh\t''"
complete -c ssetail -l from-start -d 'Start with the first line of the oldest rotated file: the same as -n +1'
complete -c ssetail -l binary -d 'Publish chunks of bytes instead of lines; each chunk is an event'
complete -c ssetail -l redact-secrets -d 'Redact well-known secrets: passwords, tokens, cloud keys and private keys'
complete -c ssetail -l tee -d 'Copy standard input to standard output, byte for byte'
complete -c ssetail -l exit-on-eof -d 'At the end of standard input and the command, deliver all events and exit'
complete -c ssetail -l unnamed -d 'Send lines without an event name, so that `onmessage` receives them'
complete -c ssetail -l no-viewer -d 'Do not serve the web page'
complete -c ssetail -l open -d 'Open the web page in a browser'
complete -c ssetail -l no-auth -d 'Admit every client, even when other machines can connect'
complete -c ssetail -l create -d 'Make the stream if it does not exist, with files as its storage'
complete -c ssetail -s q -l quiet -d 'Show no status line on the terminal'
complete -c ssetail -s v -l verbose -d 'Log one line per request: time, peer, method, path, status, duration, events, bytes'
complete -c ssetail -l man -d 'Print the man page'
complete -c ssetail -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ssetail -s V -l version -d 'Print version'
