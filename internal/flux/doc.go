// Package flux recognizes the variables that Flux replaces, and holds the rules by which
// Flux drops files of an artifact after it has unpacked it: its defaults, the syntax of a
// .sourceignore file, and what each rule matches.
//
// The rules look like those of gitignore(5), which package ignore implements, and
// mean nearly the same. Three things differ: Flux decides on each file by itself,
// so that a file below a dropped directory can be taken back; it matches a path
// name by name, each as [path.Match] does; and "**" stands for directories between
// two names, and for nothing else.
package flux
