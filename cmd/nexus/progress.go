package main

import "fmt"

// progress shows how far something is: on a terminal one line that is written over, elsewhere nothing.
type progress struct {
	program *program
	what    string
	shown   bool
}

func (p *program) progress(what string) *progress { return &progress{program: p, what: what} }

func (b *progress) tell(done, all uint64) {
	if !isTerminal(b.program.notes) {
		return
	}
	const width = 30
	filled := width
	if all > 0 {
		filled = int(width * done / all)
	}
	b.shown = true
	fmt.Fprintf(b.program.notes, "\r%s [%-*s] %d of %d", b.what, width, bar[:filled], done, all)
}

// bar is the full bar.
const bar = "##############################"

func (b *progress) end() {
	if b.shown {
		fmt.Fprintln(b.program.notes)
	}
}
