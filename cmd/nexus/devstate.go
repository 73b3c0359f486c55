package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hivellm/nexus/cmd/nexus/config"
	"github.com/hivellm/nexus/cmd/nexus/provision"
)

// devStateName is the file that tells other programs of a development cluster.
const devStateName = "dev.json"

// devLastName keeps what dev.json said while the cluster is down: the tenants' keys stand nowhere else.
const devLastName = "dev.last.json"

// devState is dev.json (INTERFACE).
type devState struct {
	Hub         *devHubState     `json:"hub"` // null without a hub
	Nodes       []devNodeState   `json:"nodes"`
	OperatorKey string           `json:"operator_key"`
	Tenants     []devTenantState `json:"tenants"`
}

type devHubState struct {
	URL        string `json:"url"`
	Pid        int    `json:"pid"`
	ServiceKey string `json:"service_key"`
}

type devNodeState struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	HTTP   string `json:"http"`
	Peer   string `json:"peer"`
	Gossip string `json:"gossip"`
	Pid    int    `json:"pid"`
	Data   string `json:"data"`
}

type devTenantState struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	UserID *string `json:"user_id"`
	Key    string  `json:"key"`
}

// readDevState reads what an earlier run wrote and puts it aside, so that dev.json is there only while it is true; the
// zero state when there was none.
func readDevState(dir string) (devState, error) {
	if err := retireDevState(dir); err != nil {
		return devState{}, err
	}
	path := filepath.Join(dir, devLastName)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return devState{}, nil
	}
	if err != nil {
		return devState{}, fmt.Errorf("read %s: %w", devLastName, err)
	}
	var state devState
	if err := json.Unmarshal(content, &state); err != nil {
		return devState{}, fmt.Errorf("%s is torn: %w; remove it, and the tenants get new keys", path, err)
	}
	return state, nil
}

// retireDevState puts dev.json aside, if it is there.
func retireDevState(dir string) error {
	err := os.Rename(filepath.Join(dir, devStateName), filepath.Join(dir, devLastName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put %s aside: %w", devStateName, err)
	}
	return nil
}

// writeDevState writes dev.json whole or not at all.
func writeDevState(dir string, state devState) error {
	content, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", devStateName, err)
	}
	path := filepath.Join(dir, devStateName)
	if err := os.WriteFile(path+".new", append(content, '\n'), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", devStateName, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write %s: %w", devStateName, err)
	}
	return nil
}

// readDevNode reads a node's folder.
func readDevNode(dir string) (*devNode, error) {
	settings, err := config.Load(filepath.Join(dir, provision.FileConfig), func(string) (string, bool) { return "", false }, nil)
	if err != nil {
		return nil, err
	}
	id, err := provision.ReadNodeID(dir)
	if err != nil {
		return nil, err
	}
	return &devNode{dir: dir, devNodeState: devNodeState{
		ID: id, Name: settings.Node.Name, HTTP: settings.HTTP.Listen, Peer: settings.Peer.Listen, Gossip: settings.Gossip.Listen, Data: dir,
	}}, nil
}
