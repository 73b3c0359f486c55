package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// bench builds tests and runs them: while the tests of one package run, those of the next are built.
type bench struct {
	root, bin string
	builds    map[string]*build // by package; complete before the first is begun
	building  sync.WaitGroup
}

// build is one package's test binary.
type build struct {
	done   chan struct{}
	binary string // written before done is closed
	err    error  // as binary
}

// newBench begins to build the packages of the rows, in their order. The caller waits for building at last.
func newBench(ctx context.Context, root, bin string, rows []row) *bench {
	b := &bench{root: root, bin: bin, builds: map[string]*build{}}
	var packages []string
	for _, r := range rows {
		if b.builds[r.pkg] == nil {
			b.builds[r.pkg] = &build{done: make(chan struct{})}
			packages = append(packages, r.pkg)
		}
	}
	b.building.Go(func() {
		for _, pkg := range packages {
			one := b.builds[pkg]
			one.binary, one.err = b.compile(ctx, pkg)
			close(one.done)
		}
	})
	return b
}

// compile makes the test binary of a package.
func (b *bench) compile(ctx context.Context, pkg string) (string, error) {
	binary := filepath.Join(b.bin, strings.ReplaceAll(strings.TrimPrefix(pkg, "./"), "/", "-")+".test")
	command := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-tags", "planted", "-o", binary, pkg)
	command.Dir, command.Stderr = b.root, os.Stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("the tests of %s do not build", pkg)
	}
	return binary, nil
}

// verdict is what became of a row.
type verdict struct {
	row    row
	caught bool
	said   string
	took   time.Duration
}

// judge runs a row's test without its bug and with it.
func (b *bench) judge(ctx context.Context, r row) verdict {
	v := verdict{row: r}
	made := b.builds[r.pkg]
	<-made.done
	if made.err != nil {
		v.said = made.err.Error()
		return v
	}
	started := time.Now()
	healthy := b.try(ctx, made.binary, r, "")
	if healthy.passed {
		sick := b.try(ctx, made.binary, r, r.plant)
		v.caught, v.said = sick.ran && !sick.passed, sick.said
	} else {
		v.said = "it fails without the bug: " + healthy.said
	}
	v.took = time.Since(started)
	return v
}

// trial is one run of one test.
type trial struct {
	ran, passed bool
	said        string
}

func (b *bench) try(ctx context.Context, binary string, r row, plant string) trial {
	command := exec.CommandContext(ctx, binary, "-test.v", "-test.count=1",
		"-test.run", "^"+regexp.QuoteMeta(r.test)+"$", "-test.timeout", testTimeout.String())
	command.Dir = filepath.Join(b.root, r.pkg)
	command.Env = append(os.Environ(), "NEXUS_PLANT="+plant)
	command.WaitDelay = time.Second
	output, err := command.CombinedOutput()
	return trial{
		ran:    bytes.Contains(output, []byte("=== RUN   "+r.test+"\n")),
		passed: err == nil && bytes.Contains(output, []byte("--- PASS: "+r.test+" ")),
		said:   complaint(string(output)),
	}
}

var (
	// spoken is a line that a test printed.
	spoken = regexp.MustCompile(`^\s+(\w+_test\.go:\d+: .*)$`)
	// broken is the end of a test that panicked.
	broken = regexp.MustCompile(`^(?:panic|fatal error): (.*)$`)
)

// complaint is the last thing that a failing test said for itself, or the panic that ended it.
func complaint(output string) string {
	said := "nothing"
	for _, line := range strings.Split(output, "\n") {
		if m := broken.FindStringSubmatch(line); m != nil {
			return "panic: " + m[1]
		}
		if m := spoken.FindStringSubmatch(line); m != nil {
			said = m[1]
		}
	}
	return said
}
