package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// State is what the harness did to a node's process last.
type State int

// The states.
const (
	Down State = iota
	Up
	Paused
)

// Node is one node: its addresses, its folder, and its process while it has one. Methods may be called from any
// goroutine.
type Node struct {
	Name string
	HTTP string // host:port
	Dir  string

	binary    string
	arguments []string
	env       []string
	pprof     string
	logPath   string

	mu      sync.Mutex
	command *exec.Cmd        // guarded by mu; nil while down
	exited  chan struct{}    // guarded by mu; closed when the process ended
	state   State            // guarded by mu
	died    error            // guarded by mu; the process ended by itself
	ended   *os.ProcessState // guarded by mu; of the last process, once it ended
}

func newNode(c *Cluster, name string, port int) *Node {
	host := func(offset int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port+offset)) }
	dir := filepath.Join(c.Dir, name)
	return &Node{
		Name: name, HTTP: host(0), Dir: dir, binary: c.binary, env: c.options.Env,
		arguments: []string{"serve", "--config", filepath.Join(dir, "nexus.toml")},
		pprof:     host(pprofOffset), logPath: filepath.Join(c.Dir, name+".log"),
	}
}

// Start starts the process; it does not wait until the node is ready.
func (n *Node) Start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.command != nil {
		return fmt.Errorf("%s runs already", n.Name)
	}
	out, err := os.OpenFile(n.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	defer out.Close()
	command := exec.Command(n.binary, n.arguments...)
	command.Stdout, command.Stderr = out, out
	command.Env = append(append(os.Environ(), n.env...), "NEXUS_BENCH_PPROF="+n.pprof)
	command.SysProcAttr = attributes()
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	exited := make(chan struct{})
	n.command, n.exited, n.state, n.died, n.ended = command, exited, Up, nil, nil
	go n.wait(command, exited)
	return nil
}

// wait reaps the process. It ends with it.
func (n *Node) wait(command *exec.Cmd, exited chan struct{}) {
	_ = command.Wait() // its state says what there is to say
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.command == command {
		n.ended = command.ProcessState
		if n.state != Down {
			n.died = fmt.Errorf("%s ended by itself: %s", n.Name, command.ProcessState)
		}
		n.command, n.state = nil, Down
	}
	close(exited)
}

// Died returns an error when the process ended without being told to.
func (n *Node) Died() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.died
}

// AwaitEnd waits until the process ends by itself, as a node that was removed does, and returns its exit code. It does not
// count as died.
func (n *Node) AwaitEnd(ctx context.Context) (code int, err error) {
	n.mu.Lock()
	exited := n.exited
	n.mu.Unlock()
	if exited == nil {
		return 0, fmt.Errorf("%s was never started", n.Name)
	}
	select {
	case <-exited:
	case <-ctx.Done():
		return 0, fmt.Errorf("%s does not end by itself: %w", n.Name, context.Cause(ctx))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.died = nil
	return n.ended.ExitCode(), nil
}

// Logged tells whether the node's log holds a text.
func (n *Node) Logged(text string) (bool, error) {
	content, err := os.ReadFile(n.logPath)
	if err != nil {
		return false, fmt.Errorf("read the log of %s: %w", n.Name, err)
	}
	return strings.Contains(string(content), text), nil
}

// State returns what the harness did last.
func (n *Node) State() State {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state
}

// PID is the process's id, 0 while down.
func (n *Node) PID() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.command == nil {
		return 0
	}
	return n.command.Process.Pid
}

// Kill ends the process at once (SIGKILL) and waits until it is gone.
func (n *Node) Kill() error { return n.end(syscall.SIGKILL) }

// Stop asks the process to end (SIGTERM) and waits; at the context's end it is killed and that is an error.
func (n *Node) Stop(ctx context.Context) error {
	n.mu.Lock()
	exited, running := n.exited, n.command != nil
	n.mu.Unlock()
	if !running {
		return nil
	}
	if err := n.signal(syscall.SIGTERM, Down); err != nil {
		return err
	}
	select {
	case <-exited:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s does not end when asked: %w", n.Name, context.Cause(ctx)), n.end(syscall.SIGKILL))
	}
}

func (n *Node) end(sig syscall.Signal) error {
	n.mu.Lock()
	exited, running := n.exited, n.command != nil
	n.mu.Unlock()
	if !running {
		return nil
	}
	if err := n.signal(sig, Down); err != nil {
		return err
	}
	<-exited // a killed process is always reaped
	return nil
}

// Pause stops the process where it stands (SIGSTOP).
func (n *Node) Pause() error { return n.signal(syscall.SIGSTOP, Paused) }

// Resume lets a paused process go on (SIGCONT).
func (n *Node) Resume() error { return n.signal(syscall.SIGCONT, Up) }

func (n *Node) signal(sig syscall.Signal, next State) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.command == nil {
		return fmt.Errorf("%s is down", n.Name)
	}
	if err := n.command.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %s to %s: %w", sig, n.Name, err)
	}
	n.state = next
	return nil
}

// CPUTicks is the processor time the process has used, in clock ticks (100 a second), from /proc.
func (n *Node) CPUTicks() (uint64, error) { return cpuTicks(n.PID()) }

// Pprof is where a node of the profile variant serves profiles.
func (n *Node) Pprof() string { return n.pprof }

// ResidentBytes is the memory that the process holds (RSS), from /proc.
func (n *Node) ResidentBytes() (uint64, error) { return residentBytes(n.PID()) }

// PrivateBytes is what of it is the process's own: its heap, all of it, and no file that it has mapped.
func (n *Node) PrivateBytes() (uint64, error) { return privateBytes(n.PID()) }

// LoggedNumber is the number that stands behind "name=" in the newest line of the node's log that has it.
func (n *Node) LoggedNumber(name string) (uint64, error) {
	content, err := os.ReadFile(n.logPath)
	if err != nil {
		return 0, fmt.Errorf("read the log of %s: %w", n.Name, err)
	}
	at := strings.LastIndex(string(content), " "+name+"=")
	if at < 0 {
		return 0, fmt.Errorf("the log of %s tells no %s", n.Name, name)
	}
	var number uint64
	_, err = fmt.Sscan(string(content[at+len(name)+2:]), &number)
	return number, err
}
