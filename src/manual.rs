//! The man page and the completions: made from the flags, so that they cannot differ from them.

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::cli::Cli;

/// What the flags do not tell.
const SECTIONS: &str = r".SH EXAMPLES
Follow a build log, and show it on http://localhost:8088/:
.PP
.RS
ssetail build.log
.RE
.PP
Watch a build, and keep seeing it in the terminal:
.PP
.RS
make 2>&1 | ssetail \- \-\-tee
.RE
.PP
Follow all logs below a directory, those that appear later too, and one file under a name of its own:
.PP
.RS
ssetail \(aqlogs/**/*.log\(aq api=/srv/api/current.log
.RE
.PP
See the events, or go on after one of them:
.PP
.RS
curl \-N localhost:8088/sse
.br
curl \-N localhost:8088/sse \-H \(aqLast\-Event\-ID: k3f9q2\-1\(aq
.RE
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
Every flag is also read from \fBSSETAIL_\fR and its name in capitals, as \fBSSETAIL_PORT\fR for \fB\-\-port\fR.
A flag that is given wins.
.SH FILES
Nothing is written but below the directory of \fB\-\-state\fR, and no file is read but those that are followed, or named by a flag.
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
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "ssetail", &mut script);
        Some(script)
    } else {
        cli.man.then(man_page)
    }
}

fn man_page() -> Vec<u8> {
    // The examples have a section of their own.
    let man = Man::new(Cli::command().after_help(None::<&str>));
    let mut page = Vec::new();
    let parts = [Man::render_title, Man::render_name_section, Man::render_synopsis_section];
    let more = [Man::render_description_section, Man::render_options_section];
    for part in parts.into_iter().chain(more) {
        if let Err(error) = part(&man, &mut page) {
            unreachable!("memory can be written to: {error}");
        }
    }
    page.extend_from_slice(SECTIONS.as_bytes());
    page
}
