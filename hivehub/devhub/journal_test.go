package devhub

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("DEVHUB_TEST_DIR"); dir != "" {
		if err := serveUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveUntilKilled is the process that the kill test kills.
func serveUntilKilled(dir string) error {
	hub, err := Open(Options{Dir: dir, ServiceKey: tenancy.NewSecret(serviceKey)})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return errors.Join(hub.Serve(context.Background(), listener), hub.Close())
}

// TestJournal_KillLosesNothingAcknowledged: clients report usage and make keys while the hub's process is killed,
// twice; what was acknowledged is there.
func TestJournal_KillLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	acknowledged := map[string]uint64{} // user → highest seq
	var users []string
	for round := range 2 {
		child, address := startChild(t, dir)
		client, err := hivehub.New(hivehub.Config{URL: "http://" + address, ServiceKey: tenancy.NewSecret(serviceKey)})
		if err != nil {
			t.Fatal(err)
		}
		outside := &rig{t: t}
		outside.server = serverAt(address)
		user, _ := outside.register(fmt.Sprintf("u%d@example.org", round))
		users = append(users, user)
		var clients sync.WaitGroup
		enough := make(chan struct{}, 1_000)
		for w, user := range users {
			clients.Go(func() {
				for seq := uint64(1000*round + w + 1); ; seq++ {
					if _, err := client.ReportUsage(t.Context(), usage(user, seq, seq)); err != nil {
						return
					}
					mu.Lock()
					acknowledged[user] = seq
					mu.Unlock()
					select {
					case enough <- struct{}{}:
					default:
					}
				}
			})
		}
		for range 10 {
			<-enough
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		clients.Wait()
		client.Close()
		hub, err := Open(Options{Dir: dir, ServiceKey: tenancy.NewSecret(serviceKey)})
		if err != nil {
			t.Fatal(err)
		}
		for user, seq := range acknowledged {
			if rows := hub.state.usageRows(user); len(rows) != 1 || rows[0].Seq < seq || hub.state.users[user] == nil {
				t.Fatalf("round %d: %s was acknowledged up to %d, kept is %v", round, user, seq, rows)
			}
		}
		if err := hub.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("acknowledged %v", acknowledged)
}

func startChild(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "DEVHUB_TEST_DIR="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("the hub's process did not say where it listens: ", err)
	}
	return child, strings.TrimSpace(address)
}

func TestJournal_TornEndIsCutAndDamageIsToldOf(t *testing.T) {
	r := newRig(t)
	user, _ := r.register("a@example.org")
	other, _ := r.register("b@example.org")
	dir := r.hub.options.Dir
	content, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(content); strings.Contains(text, "correct horse") || strings.Contains(text, "hat_") {
		t.Error("a password or a token is stored")
	}
	reopen := func(content []byte) (*Hub, error) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, journalName), content, 0o600); err != nil {
			t.Fatal(err)
		}
		hub := &Hub{state: newState()}
		journal, _, err := openJournal(dir, "", hub.take)
		if err == nil {
			if err := journal.close(); err != nil {
				t.Fatal(err)
			}
		}
		return hub, err
	}
	lastLine := strings.LastIndex(strings.TrimRight(string(content), "\n"), "\n") + 1
	for _, end := range []int{lastLine, lastLine + 1, lastLine + sumLength, lastLine + sumLength + 1, (lastLine + len(content)) / 2, len(content) - 1, len(content)} {
		hub, err := reopen(content[:end])
		if err != nil || hub.state.users[user] == nil || (hub.state.users[other] != nil) != (end == len(content)) {
			t.Fatalf("cut at %d of %d: %v", end, len(content), err)
		}
	}
	for name, damaged := range map[string][]byte{
		"middle": append([]byte(strings.Replace(string(content[:lastLine]), "a@example", "x@example", 1)), content[lastLine:]...),
		"head":   []byte("something else\n"), "empty": {}, "version": []byte(strings.Replace(string(content), " 1 ", " 2 ", 1)),
		"no json": append([]byte(journalHead+"h\n"), formLine([]byte("x"))...),
	} {
		if _, err := reopen(damaged); err == nil {
			t.Errorf("%s: damage was not noticed", name)
		}
	}
}

func TestJournal_RewriteKeepsEverything(t *testing.T) {
	r := newRig(t)
	user, token := r.register("a@example.org")
	r.makeKey(token, `{"name":"k","environment":"live","allowed_functions":[]}`)
	r.must(200, "PATCH", "/dev/users/"+user, serviceKey, `{"quota":{"burst":null,"nodes_used":7}}`)
	for seq := uint64(1); seq < 5; seq++ {
		if _, err := r.client.ReportUsage(t.Context(), usage(user, seq, seq)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.client.ReportAudit(t.Context(), hivehub.AuditCheckpoint{ClusterID: "c", NodeID: "n", Seq: 1, Root: "r", Signature: "s"}); err != nil {
		t.Fatal(err)
	}
	picture := func(h *Hub) (text string) {
		h.read(func(s *state) {
			if err := s.lines(func(line []byte) error { text += string(line) + "\n"; return nil }); err != nil {
				t.Fatal(err)
			}
		})
		return text
	}
	before, size := picture(r.hub), r.hub.journal.size
	r.hub.mu.Lock()
	err := r.hub.journal.rewrite(r.hub.state.lines)
	r.hub.mu.Unlock()
	if err != nil || r.hub.journal.size >= size {
		t.Fatal(err, size, r.hub.journal.size)
	}
	if _, err := r.client.ReportUsage(t.Context(), usage(user, 9, 9)); err != nil { // it goes on
		t.Fatal(err)
	}
	before = strings.Replace(before, `"seq":4,"totals":{"requests":4`, `"seq":9,"totals":{"requests":9`, 1)
	before = strings.Replace(before, `"state":{"nodes":4`, `"state":{"nodes":9`, 1)
	r.close()
	again, err := Open(r.hub.options)
	if err != nil {
		t.Fatal(err)
	}
	if after := picture(again); after != before {
		t.Errorf("\n%s\nis not\n%s", after, before)
	}
	r.hub, r.client, r.server = again, clientTo(t, r.server.URL), serverAt("127.0.0.1:1")
}

func TestJournal_WhatCannotBeWrittenIsRefused(t *testing.T) {
	r := newRig(t)
	user, _ := r.register("a@example.org")
	r.hub.mu.Lock()
	whole := r.hub.journal.file
	broken, err := os.Open(filepath.Join(r.hub.options.Dir, journalName)) // read only: every write fails
	if err != nil {
		t.Fatal(err)
	}
	r.hub.journal.file = broken
	r.hub.mu.Unlock()
	r.must(503, "PATCH", "/dev/users/"+user, serviceKey, `{"plan":"pro"}`)
	if quota, err := r.client.UserQuota(t.Context(), user); err != nil || quota.Plan != "free" {
		t.Errorf("a change that was refused shows: %+v %v", quota, err)
	}
	r.hub.journal.file = whole
	if err := broken.Close(); err != nil {
		t.Fatal(err)
	}
}
