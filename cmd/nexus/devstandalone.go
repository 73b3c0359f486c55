package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/hivellm/nexus/cmd/nexus/client"
	"github.com/hivellm/nexus/cmd/nexus/config"
	"github.com/hivellm/nexus/cmd/nexus/launch"
	"github.com/hivellm/nexus/cmd/nexus/output"
)

// standaloneSteps are those of a run with one node that is no cluster's.
func (d *development) standaloneSteps() []func(context.Context) error {
	return []func(context.Context) error{d.prepareFolder, d.startStandalone, d.awaitReady, d.populateStandalone, d.describeStandalone}
}

// startStandalone starts the one node.
func (d *development) startStandalone(context.Context) error {
	port := d.options.basePort
	if port == 0 {
		port = devBasePort
	}
	n := &devNode{dir: d.dir, devNodeState: devNodeState{
		Name: config.DefaultStandaloneName, HTTP: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Data: d.dir,
	}}
	d.nodes = []*devNode{n}
	if err := checkPort(n.HTTP, "the node"); err != nil {
		return err
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	n.process, err = launch.Start(launch.Spec{
		Name: n.Name, Executable: executable, LogFile: filepath.Join(d.dir, "nexus.log"),
		Arguments: []string{"serve", "--mode", config.ModeStandalone, "--data_dir", d.dir, "--http.listen", n.HTTP, "--stop-with-input"},
	})
	if err == nil {
		n.Pid = n.process.Pid()
	}
	return err
}

func (d *development) populateStandalone(ctx context.Context) error {
	if d.options.noSample {
		return nil
	}
	own, err := client.New(client.Options{Addresses: d.addresses()})
	if err != nil {
		return err
	}
	return loadSample(ctx, own)
}

// describeStandalone prints the node and two commands to paste.
func (d *development) describeStandalone(context.Context) error {
	n := d.nodes[0]
	table := output.Table{Columns: []string{"node", "http", "pid", "data"}, Rows: [][]string{{n.Name, n.HTTP, fmt.Sprint(n.Pid), n.Data}}}
	if err := d.program.printer().Table(table); err != nil {
		return err
	}
	_, err := fmt.Fprintf(d.program.out, "\nNo key is needed over loopback. Try:\n"+
		"  curl -s http://%s/cypher -d '{\"query\": \"MATCH (p:Person) RETURN p.name ORDER BY p.name\"}'\n"+
		"  %s shell --addr %s\n", n.HTTP, commandName(), n.HTTP)
	return err
}
