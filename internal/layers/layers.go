// Package layers holds the project to the import table of ARCHITECTURE.md. It
// has no code of its own; its test reads the sources.
package layers
