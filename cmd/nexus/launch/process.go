package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Spec says what to start.
type Spec struct {
	Name       string
	Executable string
	Arguments  []string
	// LogFile gets what the process writes to its standard outputs, behind what is there.
	LogFile string
}

// Process is one that was started. Its methods may be called from any goroutine.
type Process struct {
	Name    string
	command *exec.Cmd
	stdin   io.WriteCloser
	done    chan struct{}
	outcome error // written before done is closed
}

// Start starts a process. It is in a group of its own, so that a Ctrl-C at the terminal reaches its launcher alone.
func Start(spec Spec) (*Process, error) {
	log, err := os.OpenFile(spec.LogFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", spec.Name, err)
	}
	defer log.Close() // the process has its own
	command := exec.Command(spec.Executable, spec.Arguments...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	p := &Process{Name: spec.Name, command: command, stdin: stdin, done: make(chan struct{})}
	go func() {
		p.outcome = command.Wait()
		close(p.done)
	}()
	return p, nil
}

// Pid is the process id.
func (p *Process) Pid() int { return p.command.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Outcome says how it ended, after Done: "exit status 1", "signal: killed"; "" for an orderly end.
func (p *Process) Outcome() string {
	if p.outcome == nil {
		return ""
	}
	return p.outcome.Error()
}

// Stop asks the process to end and waits; what has not ended in time is killed.
func (p *Process) Stop(patience time.Duration) error {
	asked := errors.Join(p.stdin.Close(), p.command.Process.Signal(syscall.SIGTERM))
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
	}
	if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errors.Join(fmt.Errorf("kill %s: %w", p.Name, err), asked)
	}
	<-p.done
	return fmt.Errorf("%s did not stop within %s and was killed", p.Name, patience)
}
