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
	"time"
)

// bench builds tests and runs them. It belongs to one goroutine.
type bench struct {
	root, bin string
	built     map[string]string // package → test binary; "" for one that does not build
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
	binary, err := b.build(ctx, r.pkg)
	if err != nil {
		v.said = err.Error()
		return v
	}
	started := time.Now()
	defer func() { v.took = time.Since(started) }()
	healthy := b.try(ctx, binary, r, "")
	if !healthy.passed {
		v.said = "it fails without the bug: " + healthy.said
		return v
	}
	sick := b.try(ctx, binary, r, r.plant)
	v.caught, v.said = sick.ran && !sick.passed, sick.said
	v.took = time.Since(started)
	return v
}

// build makes the test binary of a package, once.
func (b *bench) build(ctx context.Context, pkg string) (string, error) {
	binary, known := b.built[pkg]
	if !known {
		binary = filepath.Join(b.bin, strings.ReplaceAll(strings.TrimPrefix(pkg, "./"), "/", "-")+".test")
		command := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-tags", "planted", "-o", binary, pkg)
		command.Dir, command.Stderr = b.root, os.Stderr
		if err := command.Run(); err != nil {
			binary = ""
		}
		b.built[pkg] = binary
	}
	if binary == "" {
		return "", fmt.Errorf("the tests of %s do not build", pkg)
	}
	return binary, nil
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
