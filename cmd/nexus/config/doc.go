// Package config reads a node's configuration: flags over environment over the file, strictly.
//
// A walk:
//
//	settings     the one table: key, how its text becomes a value, what it is for
//	Load         the file (TOML; unknown keys are errors with line and column) → environment → flags → checks
//	Flags        a flag for each row of the table
//
// Invariants: a key that this version does not act on is refused by name, never ignored; paths in a file are relative to
// the file's folder, all others to the working directory. Secrets are never in a configuration, only files that hold them.
//
// It must never open what it names: reading keys and certificates is for whoever uses them.
package config
