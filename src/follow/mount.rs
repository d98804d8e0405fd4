//! Mounts: which paths lie on a file system that may never answer.
//!
//! The server of a network mount can be gone, and the program behind a FUSE mount can be stopped.
//! A call that touches such a mount then waits, perhaps for ever.
//! The kernel's table of mounts tells where they are without touching them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(feature = "cli")]
use super::wanted_source::Target;
use crate::system::MountTable;

/// Types of file systems whose data the kernel itself reads. All others get threads of their own;
/// a local type that is missing here costs a thread, a network type that is here could stop all.
const LOCAL: [&str; 36] = [
    "aufs",
    "bcachefs",
    "bpf",
    "btrfs",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "ecryptfs",
    "erofs",
    "exfat",
    "ext2",
    "ext3",
    "ext4",
    "f2fs",
    "hugetlbfs",
    "iso9660",
    "jfs",
    "mqueue",
    "nilfs2",
    "ntfs3",
    "overlay",
    "proc",
    "ramfs",
    "reiserfs",
    "rootfs",
    "securityfs",
    "squashfs",
    "sysfs",
    "tmpfs",
    "tracefs",
    "vfat",
    "xfs",
    "zfs",
];

/// Most symbolic links that are followed in one path, as in the kernel.
const MAX_LINKS: usize = 40;

/// The mount of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Mount {
    /// Any local file system.
    Local,
    /// A file system that may never answer, by its device number.
    MayHang(u64),
}

/// The mounts of this process, read again when they change.
#[derive(Debug)]
pub(super) struct Mounts {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    table: Option<MountTable>,
    /// By mount point; the one that hides others at the same point.
    points: HashMap<PathBuf, Mount>,
    /// One of `points` may hang.
    may_hang: bool,
}

impl Mounts {
    /// Reads the table; without one, every path counts as local.
    pub(super) fn read() -> Self {
        let mut state =
            State { table: MountTable::open(), points: HashMap::new(), may_hang: false };
        state.read();
        Mounts { state: Mutex::new(state) }
    }

    /// Returns the mount on which opening `path` would touch a file.
    ///
    /// Symbolic links are followed, up to the first mount that may hang. The path need not exist.
    pub(super) fn of(&self, path: &Path) -> Mount {
        let state = self.state();
        if !state.may_hang {
            return Mount::Local;
        }
        state.resolve(path)
    }

    /// Returns true if a file below `directory` may hang.
    #[cfg(feature = "cli")]
    fn may_hang_below(&self, directory: &Path) -> bool {
        self.of(directory) != Mount::Local
            || self
                .state()
                .points
                .iter()
                .any(|(point, mount)| *mount != Mount::Local && point.starts_with(directory))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.table.as_mut().is_some_and(MountTable::has_changed) {
            state.read();
        }
        state
    }
}

/// Returns true if one of the files may be on a mount that hangs; touches no such file.
#[cfg(feature = "cli")]
pub(crate) fn may_hang(mut targets: impl Iterator<Item = Target>) -> bool {
    let mounts = Mounts::read();
    targets.any(|target| match &target {
        Target::Path(path) => mounts.of(path) != Mount::Local,
        Target::Pattern(pattern) => {
            pattern.bases().any(|directory| mounts.may_hang_below(directory))
        }
    })
}

impl State {
    fn read(&mut self) {
        let text = self.table.as_mut().and_then(|table| table.read().ok()).unwrap_or_default();
        self.points = text.split(|&byte| byte == b'\n').filter_map(parse_line).collect();
        self.may_hang = self.points.values().any(|mount| *mount != Mount::Local);
    }

    fn resolve(&self, path: &Path) -> Mount {
        let mut resolved = PathBuf::from("/");
        let mut rest: Vec<OsString> = Vec::new();
        push_components(&mut rest, path);
        let mut links = 0;
        if let Some(mount @ Mount::MayHang(_)) = self.points.get(&resolved) {
            return *mount;
        }
        while let Some(name) = rest.pop() {
            if name == ".." {
                resolved.pop();
                continue;
            }
            resolved.push(name);
            if let Some(mount @ Mount::MayHang(_)) = self.points.get(&resolved) {
                return *mount;
            }
            if let Ok(target) = fs::read_link(&resolved) {
                links += 1;
                if links > MAX_LINKS {
                    return Mount::Local;
                }
                resolved.pop();
                if target.is_absolute() {
                    resolved = PathBuf::from("/");
                }
                push_components(&mut rest, &target);
            }
        }
        Mount::Local
    }
}

/// Pushes the components of a path, the first one last.
fn push_components(rest: &mut Vec<OsString>, path: &Path) {
    rest.extend(path.components().rev().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        _ => None,
    }));
}

/// Parses a line of `/proc/self/mountinfo`, see `proc_pid_mountinfo(5)`.
fn parse_line(line: &[u8]) -> Option<(PathBuf, Mount)> {
    let mut fields = line.split(|&byte| byte == b' ');
    let device = std::str::from_utf8(fields.nth(2)?).ok()?;
    let point = PathBuf::from(unescape(fields.nth(1)?));
    let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
    let is_local = LOCAL.iter().any(|local| local.as_bytes() == kind);
    let (major, minor) = device.split_once(':')?;
    let device = major.parse::<u64>().ok()? << 32 | minor.parse::<u64>().ok()?;
    Some((point, if is_local { Mount::Local } else { Mount::MayHang(device) }))
}

/// Replaces the octal escapes of spaces, tabs, newlines and backslashes.
fn unescape(text: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = rest.get(1..4).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) if byte == b'\\' => {
                bytes.push(code);
                rest = &rest[4..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const HANGING: Mount = Mount::MayHang(53);

    fn mounts(points: &[(&Path, Mount)]) -> State {
        let points: HashMap<_, _> =
            points.iter().map(|(point, mount)| ((*point).to_owned(), *mount)).collect();
        State { table: None, points, may_hang: true }
    }

    #[test]
    fn a_line_of_the_table_tells_point_and_kind() {
        let parse = |line: &str| parse_line(line.as_bytes()).expect("a line");
        let line = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue";
        assert_eq!(parse(line), (PathBuf::from("/mnt2"), Mount::Local));
        let line = "62 24 0:53 / /a\\040b rw,nosuid shared:9 propagate_from:2 - fuse.sshfs me: rw";
        assert_eq!(parse(line), (PathBuf::from("/a b"), HANGING));
        assert_eq!(parse_line(b""), None);
        assert_eq!(parse_line(b"62 24 x / /a rw - nfs me: rw"), None);
    }

    #[test]
    fn links_are_followed_up_to_a_mount_that_may_hang() {
        let root = tempfile::tempdir().expect("a directory");
        let root = root.path().canonicalize().expect("a path");
        let (far, near) = (root.join("far"), root.join("near"));
        fs::create_dir_all(near.join("logs")).expect("made");
        symlink("../far/logs", near.join("link")).expect("linked");
        symlink(&far, root.join("absolute")).expect("linked");
        symlink("loop", root.join("loop")).expect("linked");
        let mounts = mounts(&[(&far, HANGING), (Path::new("/"), Mount::Local)]);
        let of = |path: &str| mounts.resolve(&root.join(path));
        assert_eq!(of("far/app.log"), HANGING);
        assert_eq!(of("far"), HANGING);
        assert_eq!(of("near/link/app.log"), HANGING);
        assert_eq!(of("absolute/app.log"), HANGING);
        assert_eq!(of("near/logs/../../far/x"), HANGING);
        assert_eq!(of("near/logs/app.log"), Mount::Local);
        assert_eq!(of("near/missing/app.log"), Mount::Local);
        assert_eq!(of("farther/app.log"), Mount::Local);
        assert_eq!(of("loop"), Mount::Local);
    }

    #[test]
    fn the_table_of_this_process_can_be_read() {
        let mounts = Mounts::read();
        assert_eq!(mounts.of(Path::new("/proc/self/mountinfo")), Mount::Local);
    }
}
