//! Imports between the files of the crate, as edges of a graph.

use std::collections::{BTreeSet, HashMap};

use super::source::SourceFile;

/// Pairs of indices into `files`: the first file imports an item that the second one defines.
pub fn imports(files: &[SourceFile]) -> BTreeSet<(usize, usize)> {
    let crate_files = Crate::new(files);
    let mut edges = BTreeSet::new();
    for (from, file) in files.iter().enumerate().filter(|(_, file)| file.path != "src/main.rs") {
        // A `pub use` of a `mod.rs` is followed from where the name is used.
        let is_export = |path: &String| {
            is_parent(file) && file.exports.iter().any(|(_, exported)| exported == path)
        };
        for path in file.paths.iter().filter(|path| !is_export(path)) {
            let to = crate_files.absolute(from, path).and_then(|path| crate_files.find(&path));
            edges.extend(to.filter(|to| *to != from).map(|to| (from, to)));
        }
    }
    edges
}

fn is_parent(file: &SourceFile) -> bool {
    file.path.ends_with("mod.rs") || file.path == "src/lib.rs"
}

struct Crate<'a> {
    files: &'a [SourceFile],
    by_name: HashMap<&'a [String], usize>,
}

impl<'a> Crate<'a> {
    fn new(files: &'a [SourceFile]) -> Self {
        let own = files.iter().enumerate().filter(|(_, file)| file.path != "src/main.rs");
        let by_name = own.map(|(index, file)| (&*file.name, index)).collect();
        Crate { files, by_name }
    }

    /// The names of a path from the crate root on; none for a path into another crate.
    fn absolute(&self, from: usize, path: &str) -> Option<Vec<String>> {
        let mut names = path.split("::").map(str::to_owned).peekable();
        let mut start = self.files[from].name.clone();
        match names.peek()?.as_str() {
            "crate" => start.clear(),
            "self" => {}
            "super" => {
                while names.next_if(|name| name == "super").is_some() {
                    start.pop();
                }
                return Some(start.into_iter().chain(names).collect());
            }
            // A sibling module that is named without `self`.
            child => {
                start.push(child.to_owned());
                self.by_name.get(&*start)?;
                start.pop();
                return Some(start.into_iter().chain(names).collect());
            }
        }
        names.next();
        Some(start.into_iter().chain(names).collect())
    }

    /// The file that defines what `path` names.
    fn find(&self, path: &[String]) -> Option<usize> {
        let depth = (0..=path.len()).rev().find(|len| self.by_name.contains_key(&path[..*len]))?;
        let module = self.by_name[&path[..depth]];
        let exported = path.get(depth).and_then(|name| {
            self.files[module].exports.iter().find(|(exported, _)| exported == name)
        });
        match exported {
            Some((_, target)) => {
                self.absolute(module, target).map_or(Some(module), |path| self.find(&path))
            }
            None => Some(module),
        }
    }
}

/// Groups of nodes that reach each other.
pub fn strongly_connected(len: usize, edges: &BTreeSet<(usize, usize)>) -> Vec<Vec<usize>> {
    let reach: Vec<BTreeSet<usize>> = (0..len).map(|start| reachable(start, edges)).collect();
    let mut groups = Vec::new();
    let mut seen = BTreeSet::<usize>::new();
    for node in 0..len {
        if seen.contains(&node) {
            continue;
        }
        let mut group: Vec<usize> =
            reach[node].iter().copied().filter(|other| reach[*other].contains(&node)).collect();
        if !group.contains(&node) {
            group.push(node);
        }
        seen.extend(&group);
        groups.push(group);
    }
    groups
}

fn reachable(start: usize, edges: &BTreeSet<(usize, usize)>) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(node) = waiting.pop() {
        for (_, to) in edges.range((node, 0)..=(node, usize::MAX)) {
            if reached.insert(*to) {
                waiting.push(*to);
            }
        }
    }
    reached
}
