//! The lines that a follower owes, and those that it has published.

use std::collections::HashMap;

/// Written lines and published lines of one sequence.
#[derive(Default)]
pub struct Reference {
    generations: usize,
    /// Lines that have to be published, for each generation in the order of its file.
    owed: HashMap<usize, Vec<String>>,
    /// Unfinished lines of truncated files; any beginning of them may be published.
    truncated: Vec<String>,
    /// Lines that were published.
    pub published: Vec<String>,
}

impl Reference {
    /// Adds a file, or a file from its truncation on; returns its number.
    pub fn add_generation(&mut self) -> usize {
        let generation = self.generations;
        self.generations += 1;
        self.owed.insert(generation, Vec::new());
        generation
    }

    pub fn generations(&self) -> usize {
        self.generations
    }

    pub fn add_lines<'a>(&mut self, generation: usize, lines: impl Iterator<Item = &'a str>) {
        let owed = self.owed.get_mut(&generation).expect("the generation was added");
        owed.extend(lines.map(str::to_owned));
    }

    pub fn add_truncated(&mut self, unfinished: String) {
        self.truncated.push(unfinished);
    }

    /// Returns the owed lines that were not published.
    ///
    /// Fails if a line was published more often than it was written.
    /// `unfinished` are the last lines of replaced files, which may be published as they are.
    pub fn missing<'a>(
        &self,
        unfinished: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<String>, String> {
        let mut counts: HashMap<&str, i32> = HashMap::new();
        for line in &self.published {
            *counts.entry(line).or_default() += 1;
        }
        let mut missing = Vec::new();
        for line in self.owed.values().flatten() {
            match counts.get_mut(line.as_str()) {
                Some(count) if *count > 0 => *count -= 1,
                _ => missing.push(line.clone()),
            }
        }
        for line in unfinished {
            if let Some(count) = counts.get_mut(line) {
                *count -= i32::from(*count > 0);
            }
        }
        for line in &self.truncated {
            let read = counts.iter_mut().filter(|(read, n)| **n > 0 && line.starts_with(**read));
            // The longest match: a shorter one may be the beginning of another truncated line.
            if let Some((_, count)) = read.max_by_key(|(line, _)| line.len()) {
                *count -= 1;
            }
        }
        match counts.into_iter().find(|(_, count)| *count > 0) {
            Some((line, count)) => {
                Err(format!("{line:?} was published {count} times more often than written"))
            }
            None => Ok(missing),
        }
    }

    /// Fails if the lines of one file were published in another order.
    pub fn check_order(&self) -> Result<(), String> {
        // A piece such as `<` can be a line of several files.
        let mut indices: HashMap<&str, Option<usize>> = HashMap::new();
        for (index, line) in self.published.iter().enumerate() {
            let place = indices.entry(line).or_insert(Some(index));
            *place = place.filter(|first| *first == index);
        }
        for owed in self.owed.values() {
            let unique = owed.iter().filter(|line| line.starts_with('<'));
            // A line that is missing here is counted elsewhere.
            let order: Vec<_> = unique.filter_map(|line| *indices.get(line.as_str())?).collect();
            if !order.is_sorted() {
                return Err("the lines of a file changed their order".to_owned());
            }
        }
        Ok(())
    }
}
