package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// testTimeout bounds one run of one test.
const testTimeout = 60 * time.Second

func main() {
	only := flag.String("only", "", "run only rows whose bug contains this text")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *only); err != nil {
		fmt.Fprintln(os.Stderr, "planted:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, only string) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	missing, err := uncovered(root)
	if err != nil {
		return err
	}
	bin, err := os.MkdirTemp("", "nexus-planted-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	var rows []row
	for _, r := range table {
		if strings.Contains(r.plant, only) {
			rows = append(rows, r)
		}
	}
	b := newBench(ctx, root, bin, rows)
	defer b.building.Wait()
	var verdicts []verdict
	for _, r := range rows {
		verdicts = append(verdicts, b.judge(ctx, r))
	}
	return conclude(out, verdicts, missing)
}

// conclude prints the table; an error says what was not caught.
func conclude(out io.Writer, verdicts []verdict, missing []string) error {
	show(out, verdicts)
	var failed []error
	for _, v := range verdicts {
		if !v.caught {
			failed = append(failed, fmt.Errorf("%s is not caught by %s: %s", v.row.plant, v.row.test, v.said))
		}
	}
	for _, name := range missing {
		failed = append(failed, fmt.Errorf("%s is planted in the tree, but no row of the table catches it", name))
	}
	fmt.Fprintf(out, "\n%d of %d caught\n", len(verdicts)-len(failed)+len(missing), len(verdicts))
	return errors.Join(failed...)
}

func show(out io.Writer, verdicts []verdict) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PLANTED BUG\tRULE\tTEST\tCAUGHT\tSECONDS\tTHE TEST SAYS")
	for _, v := range verdicts {
		answer := "yes"
		if !v.caught {
			answer = "NO"
		}
		test := strings.TrimPrefix(v.row.pkg, "./") + "." + v.row.test
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.1f\t%s\n", v.row.plant, v.row.rule, test, answer, v.took.Seconds(), shorten(v.said, 110))
	}
	w.Flush()
}

func moduleRoot(ctx context.Context) (string, error) {
	raw, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	file := strings.TrimSpace(string(raw))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("not inside the module")
	}
	return filepath.Dir(file), nil
}

func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
