//! The man page and the completion scripts, generated from the definition of the flags.

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;

/// Date of the last change of the texts below.
const DATE: &str = "2026-11-26";
/// Length at which source lines of the page are folded, because mandoc warns about longer ones.
const WIDTH: usize = 80;

/// bash makes a word of the equals sign in `--format=json`; the flag is the word before it.
const BASH_EQUALS: &str = r#"    prev="$3"
    if [[ "${cur}" == "=" ]] ; then
        cur=""
    elif [[ "${prev}" == "=" ]] ; then
        prev="${COMP_WORDS[COMP_CWORD-2]}"
    fi
"#;

/// Sections before the flags.
const INTRODUCTION: &str = r".SH SYNOPSIS
.B ssetail
[\fIOPTIONS\fR]
[\fISOURCE\fR]...
[\fB\-\-\fR \fICOMMAND\fR [\fIARG\fR]...]
.SH DESCRIPTION
ssetail follows files, globs, standard input, commands and the systemd journal, and serves their lines as Server-Sent Events, one event for each line, named after its source.
Browsers, curl and every other client of Server-Sent Events receive them live, and a client that reconnects receives exactly the events that it has missed.
.PP
Without a SOURCE and a COMMAND, standard input is followed if it is not a terminal.
A path that does not exist yet is followed as soon as it exists, and so is a file that matches a glob later.
Globs are those of \fBbash\fR(1) with the option \fBglobstar\fR, including braces; a \fB~/\fR at the start is the home directory, also in quotes.
A glob skips compressed files and named pipes.
.PP
The rotated files beside a file, such as \fIapp.log.1\fR, \fIapp.log.2.gz\fR or \fIapp.log\-20261125.zst\fR, come before it, the oldest first, with \fB\-\-from\-start\fR, with \fB\-\-since\fR, and with \fB\-n\fR \fIN\fR if the file has fewer than N lines.
They stand beside the file, or in \fIold\fR, \fIarchive\fR, \fIarchived\fR or \fIrotated\fR there.
Those compressed by \fBgzip\fR(1), \fBzstd\fR(1), \fBxz\fR(1), \fBbzip2\fR(1) or \fBlz4\fR(1) are read too; a damaged one is read up to the damage.
.PP
\fBjournal:\fR is the systemd journal, each unit of which is a source, and \fBjournal:\fIUNIT\fR is one unit of it.
ssetail reads it through \fBjournalctl\fR(1).
Events of the journal that are no longer in memory are a gap.
.PP
COMMAND runs in a terminal of its own, which is as large as that of standard output, or has 120 columns and 40 rows.
Its output passes through to standard output, and is published as a source that is named after the program.
The command gets SIGINT (Ctrl\-C), SIGQUIT, SIGTERM and SIGHUP first.
After SIGTERM and SIGHUP, ssetail ends when the command has ended; after SIGINT and SIGQUIT, it goes on serving what the command has written.
A second signal ends ssetail at once, and hangs up the terminal of a command that still runs.
The command reads standard input only if that is no terminal and no SOURCE.
The end of the command is that of its process; other processes lose its terminal then.
.PP
An \fBhttp://\fR or \fBhttps://\fR address of another ssetail is a SOURCE too: the names of its sources begin with its host, or with the NAME before the address, and a slash.
The user part of the address has a token (\fBhttps://:TOKEN@HOST/\fR) or a user and a password, which are never shown; the variable \fBSSETAIL_TOKEN_\fISERVER\fR, with the name of the server in capitals, can have the token instead.
Any other event stream can be followed by its address.
.PP
ssetail prints the URL of a web page that shows the lines.
Below that URL are the event stream
.RI ( /sse ),
the list of sources
.RI ( /sources ),
metrics for Prometheus
.RI ( /metrics ),
a description for programs
.RI ( /openapi.json )
and a health check
.RI ( /healthz ).
";

/// Sections after the flags.
const SECTIONS: &str = r".SH EVENT STREAM
The query of a request selects events and their format:
.TP
.BI file= NAME
Only events of the source with this name, or, if no source has it, of sources that match this glob; repeatable.
.TP
.BI n= N
Start with the newest N lines of each source that match; \fBall\fR starts with the oldest line that is available.
.TP
.BI grep= RE
Only lines that match, or with \fB!\fR before the expression, that do not; repeatable.
.TP
.BI where= CONDITION
Only lines with a JSON or logfmt field that satisfies the condition, such as \fBwhere=status%3E=500\fR, in which \fB%3E\fR is \fB>\fR; repeatable.
.TP
.BI level= LEVEL
Only lines of this level or of a more severe one, from \fBtrace\fR to \fBfatal\fR.
.TP
.BI since= TIME\fR,\~\fBuntil= TIME
Only lines of this time or of a later one, or of this time or of an earlier one.
.TP
.BI context= N\fR,\~\fBentries
Also N lines before and after each of these lines, or the rest of the entry, such as a stack trace.
.TP
.BI format= FORMAT\fR,\~\fBunnamed
Override the flags of the same name for this request.
.TP
.BI last_event_id= ID
Start after this event, for clients that cannot send the header \fBLast\-Event\-ID\fR.
.TP
.BI follow= 0
End after the existing events.
.TP
.BI wait= DURATION
End after this time at the latest; with \fBfollow=0\fR, wait at most this time for the first event.
.TP
.BI stop= RE
End after the first line that matches.
.TP
.BI before= ID
End before this event; with \fBn\fR, a page of older lines.
.PP
With \fBaccept: application/x-ndjson\fR the response has a JSON object for each line; with \fBaccept: text/plain\fR it has the lines as they are.
.SH REQUEST LOG
With \fB\-\-verbose\fR, one line of eight fields is written to standard error for each request, when its response has ended:
.PP
.EX
2026\-11\-23T17:03:36.123Z 127.0.0.1:40242 GET /sse 200 12.345s events=17 bytes=1042
.EE
.PP
The fields are the time of the request, the peer, the method, the path, the status, the duration, and the numbers of events and bytes of the body that were sent.
The query is left out, because it may contain a token; characters of the path that are not printable ASCII are percent\-encoded.
Other lines of ssetail start with \(lqssetail:\(rq.
.SH EXAMPLES
Follow a build log, and show it on http://localhost:8088/:
.PP
.EX
    ssetail build.log
.EE
.PP
Serve the output of a build, and also show it in the terminal:
.PP
.EX
    ssetail \-\- make
    make 2>&1 | ssetail \- \-\-tee
.EE
.PP
Show other machines and a local file on one page:
.PP
.EX
    ssetail https://web1:8088/ db=https://db.example/ local.log
.EE
.PP
Follow all logs below a directory, including later ones, and one file under another name:
.PP
.EX
    ssetail \(aqlogs/**/*.log\(aq api=/srv/api/current.log
.EE
.PP
Receive the events, or continue after one of them:
.PP
.EX
    curl \-N localhost:8088/sse
    curl \-N localhost:8088/sse \-H \(aqLast\-Event\-ID: k3f9q2\-1\(aq
.EE
.PP
Install the completion script for bash:
.PP
.EX
    mkdir \-p ~/.local/share/bash\-completion/completions
    ssetail \-\-completions bash >~/.local/share/bash\-completion/completions/ssetail
.EE
.SH EXIT STATUS
.TP
.B 0
Stopped by a signal, or at the end of standard input with \fB\-\-exit\-on\-eof\fR.
With a COMMAND, the exit status is that of the command, or 128 and the number of the signal that has ended it, or that has ended ssetail before it.
.TP
.B 1
An error, such as an address in use or a certificate that cannot be read.
.TP
.B 2
Invalid command line.
.TP
.B 126
The COMMAND cannot be executed.
.TP
.B 127
The COMMAND does not exist.
.SH ENVIRONMENT
Each flag has an environment variable: \fBSSETAIL_\fR and the name of the flag in capitals, such as \fBSSETAIL_PORT\fR for \fB\-\-port\fR and \fBSSETAIL_FROM_START\fR for \fB\-\-from\-start\fR.
The value for a flag without an argument is \fB1\fR or \fB0\fR.
A flag on the command line overrides the variable.
A COMMAND does not get \fBSSETAIL_AUTH\fR and \fBSSETAIL_TOKEN\fR.
\fBSSETAIL_PORT\fR is ignored if it contains \fB://\fR, because Kubernetes sets it for a service named ssetail.
.TP
.B NO_COLOR
If not empty, ssetail prints no colours.
.TP
.B TERM
If \fBdumb\fR or empty, ssetail prints neither colours nor a status line.
A COMMAND gets \fBxterm\-256color\fR if it is empty.
.TP
.B BROWSER
The browser for \fB\-\-open\fR.
.TP
.BR LISTEN_FDS ,\~ LISTEN_PID
Listening sockets that the parent process, such as systemd, has bound.
.SH FILES
ssetail writes only the files of \fB\-\-spool\fR and the directory of \fB\-\-state\fR, and reads only files that it follows or that a flag names.
.TP
.I DIR/journal
The state of \fB\-\-state\fR: the offset that was reached in each file, the last event of each server, and the byte range of each event, but no lines.
.TP
.I DIR/lock
Locked while ssetail runs, so that only one process uses the directory.
.SH NOTES
While ssetail runs, every complete line that is written to a followed file on a local file system is published exactly once, whole and in the order of its file, even if the file is renamed, truncated or deleted, or if a symbolic link to it changes.
If a file is rotated several times before ssetail looks at it, the files in between are found beside it by their names and creation times, compressed or not.
A replaced file is read to its end, and for the time of \fB\-\-linger\fR after that.
Events that are no longer in memory are read again from their files.
A deleted file is closed when the time of \fB\-\-linger\fR after its deletion is over; its events that are not in memory are a gap from then on.
A file system that does not answer holds up only its own files.
.PP
With \fB\-\-state\fR, a restart continues where the last run stopped, even after \fBkill \-9\fR: event ids stay valid, and lines that were written in the meantime are published, also those of files that were rotated within their directory.
\fB\-\-lines\fR then applies only to files that the state does not contain.
Event ids of earlier runs become invalid, as without \fB\-\-state\fR, if the machine crashed or restarted while ssetail was running, if the journal is damaged, or if a flag that defines lines has changed (\fB\-\-max\-line\fR, \fB\-\-binary\fR, \fB\-\-decode\fR, \fB\-\-redact\fR, \fB\-\-redact\-secrets\fR, \fB\-\-include\fR, \fB\-\-exclude\fR).
The history of a source that is no longer given is kept; if the source is given again later, it is followed like a new one.
Events of standard input and of a COMMAND are a gap after a restart.
.PP
Lines can be lost in these cases: bytes are truncated before they are read; a file loses its name before it is opened, and its next name is matched by no glob and is not the name of the followed file with a number or a date; a writer appends to a replaced file after the time of \fB\-\-linger\fR; a file is changed in place or through a memory map; a network file system reports sizes that jump.
.SH SEE ALSO
.BR tail (1),
.BR journalctl (1),
.BR curl (1),
.BR logrotate (8),
.BR inotify (7)
";

/// Returns the text that `--completions` or `--man` prints, or none without these flags.
#[must_use]
pub fn manual(cli: &Cli) -> Option<Vec<u8>> {
    if let Some(shell) = cli.output.completions {
        Some(completions(shell).into_bytes())
    } else {
        cli.output.man.then(|| man_page().into_bytes())
    }
}

fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ssetail", &mut script);
    let script = String::from_utf8_lossy(&script);
    match shell {
        Shell::Bash => script
            // clap offers only flags where a SOURCE may stand; without this line, files.
            .replace(" || ${COMP_CWORD} -eq 1 ", " ")
            .replace("\n            COMPREPLY=( $(compgen -W \"${opts}\" -- \"${cur}\") )\n", "\n")
            .replace("    prev=\"$3\"\n", BASH_EQUALS),
        // A path may follow a name and an equals sign.
        Shell::Zsh => {
            script.replace("the event name:_files'", "the event name:{compset -P \"*=\"; _files}'")
        }
        _ => script.into_owned(),
    }
}

fn man_page() -> String {
    let command = Cli::command();
    let version = command.get_version().unwrap_or_default();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let about = about.replace('-', "\\-");
    let title = format!(".TH SSETAIL 1 {DATE} \"ssetail {version}\" \"General Commands Manual\"");
    let page =
        format!("{title}\n.SH NAME\nssetail \\- {about}\n{INTRODUCTION}{}{SECTIONS}", options());
    fold(&page)
}

/// Returns the flags, with a subsection for each heading.
fn options() -> String {
    // clap_mangen omits arguments that the short help hides.
    let command = Cli::command().mut_args(|arg| arg.hide_short_help(false));
    let headings: Vec<String> = command
        .get_arguments()
        .filter_map(|arg| arg.get_help_heading().map(ToOwned::to_owned))
        .collect();
    let mut page = Vec::new();
    if let Err(error) = Man::new(command).render_options_section(&mut page) {
        unreachable!("writing to a Vec failed: {error}");
    }
    let page = String::from_utf8_lossy(&page).replace("\n.br\n\n.br\n", "\n.br\n");
    // clap_mangen makes a section of each heading, and quotes one of several words.
    headings.iter().fold(page, |page, heading| {
        let section = heading.to_uppercase();
        page.replace(&format!(".SH {section}\n"), &format!(".SS {heading}\n"))
            .replace(&format!(".SH \"{section}\"\n"), &format!(".SS \"{heading}\"\n"))
    })
}

/// Folds long lines of text; man joins them again.
fn fold(page: &str) -> String {
    let mut folded = String::with_capacity(page.len() * 2);
    let (mut is_tag, mut is_example) = (false, false);
    for line in page.lines() {
        is_example = line == ".EX" || (is_example && line != ".EE");
        if line.starts_with('.') || is_tag || is_example {
            folded.push_str(line);
        } else {
            fold_text(line, &mut folded);
        }
        folded.push('\n');
        is_tag = line == ".TP";
    }
    folded
}

fn fold_text(line: &str, folded: &mut String) {
    let mut width = 0;
    for word in line.split(' ') {
        // A line that starts with a dot or an apostrophe is a request to roff.
        let can_start_line = !word.starts_with(['.', '\'']);
        if width > 0 {
            let is_full = width + 1 + word.len() > WIDTH && can_start_line;
            folded.push(if is_full { '\n' } else { ' ' });
            width = if is_full { 0 } else { width + 1 };
        }
        folded.push_str(word);
        width += word.len();
    }
}
