package main

import (
	"encoding/json"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nexus": main})
}

// TestScripts runs the command line as people do: testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	var ranges atomic.Int32 // given out: no two scripts get the same ports
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "1")
			e.Setenv("GORACE", "atexit_sleep_ms=0") // else each command of a race build ends a second late
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"freeport": func(ts *testscript.TestScript, _ bool, arguments []string) {
				freePort(ts, &ranges, arguments[0])
			},
			"await":     await,
			"awaitPort": awaitPort,
			"asTenant":  asTenant,
			"killNode":  killNode,
			"keyOf":     keyOf,
			"hubCall":   hubCall,
			"hubLife":   hubLife,
		},
	})
}

// exits CODE ARGS...: runs nexus and checks its exit code; stdout and stderr look at its output afterwards.
func exits(ts *testscript.TestScript, neg bool, arguments []string) {
	if neg || len(arguments) < 1 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	err := ts.Exec("nexus", arguments[1:]...)
	code := 0
	if err != nil {
		exit, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("nexus did not run: %v", err)
		}
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != arguments[0] {
		ts.Fatalf("exit code %d, wanted %s", code, arguments[0])
	}
}

// Ports of tests lie below those that systems give to outgoing connections.
const (
	firstTestPort  = 20000
	testPortRanges = 400
	portsPerTest   = 30
)

// freePort sets a variable to the first of thirty ports that nobody listens on.
func freePort(ts *testscript.TestScript, ranges *atomic.Int32, name string) {
	for range testPortRanges {
		base := firstTestPort + portsPerTest*((os.Getpid()+int(ranges.Add(1)))%testPortRanges)
		if portsFree(base, portsPerTest) {
			ts.Setenv(name, strconv.Itoa(base))
			return
		}
	}
	ts.Fatalf("found no %d free ports", portsPerTest)
}

func portsFree(base, count int) bool {
	for port := base; port < base+count; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return false
		}
		if listener.Close() != nil {
			return false
		}
	}
	return true
}

// awaitPatience bounds await; a busy machine is slow.
const awaitPatience = 60 * time.Second

// await FILE: waits until a file is there.
func await(ts *testscript.TestScript, _ bool, arguments []string) {
	deadline := time.NewTimer(awaitPatience)
	defer deadline.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		if _, err := os.Stat(ts.MkAbs(arguments[0])); err == nil {
			return
		}
		select {
		case <-look.C:
		case <-deadline.C:
			ts.Fatalf("%s did not come within %s", arguments[0], awaitPatience)
		}
	}
}

// awaitPort ADDRESS: waits until something listens there.
func awaitPort(ts *testscript.TestScript, _ bool, arguments []string) {
	for deadline := time.Now().Add(awaitPatience); ; {
		connection, err := net.DialTimeout("tcp", arguments[0], time.Second)
		if err == nil {
			ts.Check(connection.Close())
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("nobody listens at %s after %s", arguments[0], awaitPatience)
		}
	}
}

// keyOf FILE: sets NEXUS_API_KEY to the key that "key create -o json" printed.
func keyOf(ts *testscript.TestScript, _ bool, arguments []string) {
	var made struct {
		Key string `json:"key"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(arguments[0])), &made))
	ts.Setenv("NEXUS_API_KEY", made.Key)
}

func readDev(ts *testscript.TestScript, file string) devState {
	var state devState
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &state))
	return state
}

// asTenant DEVJSON TENANT [NODE]: sets NEXUS_API_KEY and NEXUS_ADDR to a tenant's key and a node, counted from 0.
func asTenant(ts *testscript.TestScript, _ bool, arguments []string) {
	state := readDev(ts, arguments[0])
	tenant, err := strconv.Atoi(arguments[1])
	ts.Check(err)
	node := 0
	if len(arguments) > 2 {
		node, err = strconv.Atoi(arguments[2])
		ts.Check(err)
	}
	ts.Setenv("NEXUS_API_KEY", state.Tenants[tenant].Key)
	ts.Setenv("NEXUS_ADDR", state.Nodes[node].HTTP)
}

// killNode DEVJSON NODE: kills a node at once, as a power cut does.
func killNode(ts *testscript.TestScript, _ bool, arguments []string) {
	state := readDev(ts, arguments[0])
	node, err := strconv.Atoi(arguments[1])
	ts.Check(err)
	process, err := os.FindProcess(state.Nodes[node].Pid)
	ts.Check(err)
	ts.Check(process.Kill())
	for deadline := time.Now().Add(awaitPatience); ; { // until its port is closed: a process dies a moment after it was told to
		connection, err := net.Dial("tcp", state.Nodes[node].HTTP)
		if err != nil {
			return
		}
		ts.Check(connection.Close())
		if time.Now().After(deadline) {
			ts.Fatalf("node %d still listens", node)
		}
	}
}
