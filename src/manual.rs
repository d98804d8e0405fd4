//! The man page and the completions: made from the flags, so that they cannot differ from them.

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;

/// When the page was last written anew.
const DATE: &str = "2026-11-23";
/// How long its lines may be.
const WIDTH: usize = 80;

const BEGINNING: &str = r".SH SYNOPSIS
.B ssetail
[\fIOPTIONS\fR]
[\fISOURCE\fR]...
.SH DESCRIPTION
ssetail follows files, globs and standard input, and serves their lines as Server-Sent Events, one event for each line, named after its file.
Browsers, curl and every EventSource see them live, and whoever comes back gets exactly what was missed.
.PP
Without a SOURCE it follows standard input, if that is not a terminal.
A path that does not exist yet is waited for, and so are files that a glob does not match yet.
.PP
It prints the address of a page that shows the lines.
Below that address are the event stream
.RI ( /sse ),
what is followed
.RI ( /sources ),
figures for Prometheus
.RI ( /metrics )
and
.IR /healthz .
";

/// What the flags do not tell.
const SECTIONS: &str = r".SH THE STREAM
A request may ask for less with its query:
.TP
.BI file= NAME
only of this source, or of those that match this glob; repeatable
.TP
.BI n= N
first the newest N lines of each source; \fBall\fR for everything that can still be had
.TP
.BI grep= RE
only lines that match
.TP
.BI format= FORMAT\fR,\~\fBunnamed
as the flags, for this request
.TP
.BI last_event_id= ID
what comes after this event, for clients that cannot send the header
.PP
With \fBaccept: application/x-ndjson\fR the answer is a JSON object for each line, with \fBaccept: text/plain\fR the lines as they are.
.SH REQUEST LOG
With \fB\-\-verbose\fR, each request is one line of eight fields on standard error, written when its answer has ended:
.PP
.EX
2026\-11\-23T17:03:36.123Z 127.0.0.1:40242 GET /sse 200 12.345s events=17 bytes=1042
.EE
.PP
when it came, from whom, the method, the path, the status, how long it took, and how many events and bytes of its body were sent.
The query is left out, because it may hold a token; in the path, what is not printable ASCII is percent\-encoded.
The program's own sentences begin with \(lqssetail:\(rq instead.
.SH EXAMPLES
Follow a build log, and show it on http://localhost:8088/:
.PP
.EX
    ssetail build.log
.EE
.PP
Watch a build, and keep seeing it in the terminal:
.PP
.EX
    make 2>&1 | ssetail \- \-\-tee
.EE
.PP
Follow all logs below a directory, those that appear later too, and one file under a name of its own:
.PP
.EX
    ssetail \(aqlogs/**/*.log\(aq api=/srv/api/current.log
.EE
.PP
See the events, or go on after one of them:
.PP
.EX
    curl \-N localhost:8088/sse
    curl \-N localhost:8088/sse \-H \(aqLast\-Event\-ID: k3f9q2\-1\(aq
.EE
.PP
Keep the completions where bash finds them:
.PP
.EX
    ssetail \-\-completions bash >~/.local/share/bash\-completion/completions/ssetail
.EE
.SH EXIT STATUS
.TP
.B 0
Ended as asked: by a signal, or by the end of input with \fB\-\-exit\-on\-eof\fR.
.TP
.B 1
It could not run: an address in use, a certificate that cannot be read.
.TP
.B 2
The command line cannot be meant.
.SH ENVIRONMENT
Every flag is also read from \fBSSETAIL_\fR and its name in capitals, as \fBSSETAIL_PORT\fR for \fB\-\-port\fR and \fBSSETAIL_FROM_START\fR for \fB\-\-from\-start\fR.
A switch takes \fB1\fR or \fB0\fR there.
A flag that is given wins.
.TP
.B NO_COLOR
No colours, if it is not empty.
.TP
.B TERM
No colours and no status line, if it is \fBdumb\fR or empty.
.TP
.B BROWSER
What \fB\-\-open\fR opens the page with.
.TP
.BR LISTEN_FDS ,\~ LISTEN_PID
Sockets that were bound by who started the program, as systemd does.
.SH FILES
Nothing is written but where \fB\-\-spool\fR says and below the directory of \fB\-\-state\fR, and no file is read but those that are followed, or named by a flag.
.TP
.I DIR/journal
What \fB\-\-state\fR keeps: which files were read how far, and where in them each event lies; no lines.
.TP
.I DIR/lock
Held while ssetail runs, so that no other uses the same directory.
.SH NOTES
While ssetail runs, every complete line that is written to a followed file on a local file system is published exactly once, whole and in the order of its file: through rotation by renaming, truncation, deletion, and symbolic links that move.
A file that was replaced is read to its end, and for \fB\-\-linger\fR longer.
Events that are not in memory any more are read again from their files.
.PP
With \fB\-\-state\fR, a restart goes on where the last run stopped, whatever stopped it: with the same ids, and with what was written meanwhile, also to files that were rotated within their directory.
\fB\-\-lines\fR is then only for files that the state does not know.
Earlier ids begin anew, as without \fB\-\-state\fR, when the machine went down before ssetail could end, when the journal is damaged, and when other flags say what a line is (\fB\-\-max\-line\fR, \fB\-\-binary\fR, \fB\-\-include\fR, \fB\-\-exclude\fR).
A source that is left out is followed anew when it is given again; until then its history stays.
What came from standard input is a gap after a restart.
.PP
What nobody can promise: bytes that were truncated before they could be read; a file that had its name for less than 100 ms, unless the glob matches its next name too; what a writer adds to a replaced file after \fB\-\-linger\fR; changes in place, or through a memory map; files of a network file system whose size jumps.
.SH SEE ALSO
.BR tail (1),
.BR curl (1),
.BR logrotate (8),
.BR inotify (7)
";

/// What is to be printed instead of anything being followed, if that was asked for.
#[must_use]
pub fn manual(cli: &Cli) -> Option<Vec<u8>> {
    if let Some(shell) = cli.completions {
        Some(completions(shell).into_bytes())
    } else {
        cli.man.then(|| man_page().into_bytes())
    }
}

fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ssetail", &mut script);
    // What is not a flag is a file: bash would be offered flags alone.
    String::from_utf8_lossy(&script)
        .replace(" || ${COMP_CWORD} -eq 1 ", " ")
        .replace("\n            COMPREPLY=( $(compgen -W \"${opts}\" -- \"${cur}\") )\n", "\n")
}

fn man_page() -> String {
    let command = Cli::command();
    let version = command.get_version().unwrap_or_default();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let about = about.replace('-', "\\-");
    let title = format!(".TH SSETAIL 1 {DATE} \"ssetail {version}\" \"General Commands Manual\"");
    let page =
        format!("{title}\n.SH NAME\nssetail \\- {about}\n{BEGINNING}{}{SECTIONS}", options());
    fold(&page)
}

/// The flags, each group in a part of its own.
fn options() -> String {
    // The short help leaves some out.
    let command = Cli::command().mut_args(|arg| arg.hide_short_help(false));
    let headings: Vec<String> = command
        .get_arguments()
        .filter_map(|arg| arg.get_help_heading().map(ToOwned::to_owned))
        .collect();
    let mut page = Vec::new();
    if let Err(error) = Man::new(command).render_options_section(&mut page) {
        unreachable!("memory can be written to: {error}");
    }
    let page = String::from_utf8_lossy(&page).replace("\n.br\n\n.br\n", "\n.br\n");
    headings.iter().fold(page, |page, heading| {
        let section = format!(".SH \"{}\"", heading.to_uppercase());
        page.replace(&section, &format!(".SS \"{heading}\""))
    })
}

/// Breaks long lines of text: man fills them anyway.
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
        // At the start of a line a dot or an apostrophe would make it a request.
        let may_begin = !word.starts_with(['.', '\'']);
        if width > 0 {
            let is_full = width + 1 + word.len() > WIDTH && may_begin;
            folded.push(if is_full { '\n' } else { ' ' });
            width = if is_full { 0 } else { width + 1 };
        }
        folded.push_str(word);
        width += word.len();
    }
}
