package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hivellm/nexus/cmd/nexus/client"
	"github.com/hivellm/nexus/cmd/nexus/launch"
	"github.com/hivellm/nexus/cmd/nexus/provision"
	"github.com/hivellm/nexus/tenancy"
)

const (
	// devHubFolder is the hub's folder in a development cluster's.
	devHubFolder = "hub"
	// devHubAddress is the file that says where the hub of a folder listens, devHubEvents the secret of its events.
	devHubAddress = "address"
	devHubEvents  = "events.secret"
	// devHubPatience bounds the wait for the hub.
	devHubPatience = 10 * time.Second
	// devPlan is the plan of the sample tenants.
	devPlan = "unlimited"
)

// devHub is the hub of a development cluster and its process.
type devHub struct {
	dir, address string
	serviceKey   tenancy.Secret
	process      *launch.Process
	tenants      map[string]devTenantState // what it knows of the sample tenants, by name; their ids are the cluster's
}

// makeDevHub makes a hub's folder: its key, the secret of its events, and where it listens.
func makeDevHub(dir, address string) error {
	folder := filepath.Join(dir, devHubFolder)
	if _, _, err := serviceKey(folder, ""); err != nil {
		return err
	}
	for _, file := range []struct{ name, content string }{{devHubEvents, newServiceKey("hse_")}, {devHubAddress, address}} {
		if err := os.WriteFile(filepath.Join(folder, file.name), []byte(file.content+"\n"), 0o600); err != nil {
			return fmt.Errorf("write the hub's folder: %w", err)
		}
	}
	return nil
}

// pointAtDevHub tells the nodes of a new cluster of the hub beside them.
func pointAtDevHub(dir string, nodes []provision.NodeSpec, url string) error {
	for _, n := range nodes {
		file, err := os.OpenFile(filepath.Join(dir, n.Name, provision.FileConfig), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return fmt.Errorf("point node %s at the hub: %w", n.Name, err)
		}
		_, err = fmt.Fprintf(file, `[hivehub]
url = %q
service_key_file = "../%s/%s"
events_secret_file = "../%s/%s"
poll = "2s"
usage_every = "5s"
`, url, devHubFolder, serviceKeyName, devHubFolder, devHubEvents)
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("point node %s at the hub: %w", n.Name, err)
		}
	}
	return nil
}

// findHub finds the hub of the folder; there is none where the cluster was made without.
func (d *development) findHub() error {
	folder := filepath.Join(d.dir, devHubFolder)
	address, err := os.ReadFile(filepath.Join(folder, devHubAddress))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("read the hub's folder: %w", err)
	case d.options.noHub:
		return usage("%s holds a cluster with a hub: leave --no-hub out, or give another --data", d.dir)
	}
	h := &devHub{dir: folder, address: strings.TrimSpace(string(address)), tenants: map[string]devTenantState{}}
	if h.serviceKey, err = provision.ReadKey(filepath.Join(folder, serviceKeyName)); err != nil {
		return err
	}
	d.hub = h
	return nil
}

func (h *devHub) url() string { return "http://" + h.address }

// arguments are those of "nexus hub" for it.
func (h *devHub) arguments(nodes []string) []string {
	push := make([]string, 0, len(nodes))
	for _, n := range nodes {
		push = append(push, "http://"+n)
	}
	return []string{
		"hub", "--data", h.dir, "--listen", h.address, "--events-secret-file", filepath.Join(h.dir, devHubEvents), "--push", strings.Join(push, ","),
	}
}

// command is how a person starts it again.
func (h *devHub) command(program string, nodes []string) string {
	return program + " " + strings.Join(h.arguments(nodes), " ")
}

func (h *devHub) start(executable string, nodes []string) (err error) {
	h.process, err = launch.Start(launch.Spec{
		Name: "hub", Executable: executable, LogFile: filepath.Join(h.dir, "hub.log"), Arguments: append(h.arguments(nodes), "--stop-with-input"),
	})
	return err
}

func (h *devHub) stop() error {
	if h.process == nil {
		return nil
	}
	return h.process.Stop(devStopTimeout)
}

// state is what dev.json says of it; nil without a hub.
func (h *devHub) state() *devHubState {
	if h == nil {
		return nil
	}
	return &devHubState{URL: h.url(), Pid: h.process.Pid(), ServiceKey: h.serviceKey.Reveal()}
}

// enroll registers the sample tenants at the hub, as far as an earlier run has not, while the nodes start.
func (d *development) enroll(ctx context.Context) error {
	if d.hub == nil {
		return nil
	}
	known := map[string]bool{}
	for _, t := range d.state.Tenants {
		known[t.Name] = true
	}
	if err := d.hub.await(ctx); err != nil {
		return err
	}
	for _, name := range devTenants {
		if known[name] {
			continue
		}
		made, err := d.hub.register(ctx, name)
		if err != nil {
			return fmt.Errorf("register %s at the hub: %w", name, err)
		}
		d.hub.tenants[name] = made
	}
	return nil
}

// await waits until the hub answers.
func (h *devHub) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, devHubPatience, fmt.Errorf("the hub does not answer after %s: see %s", devHubPatience, filepath.Join(h.dir, "hub.log")))
	defer cancel()
	asked, err := h.client(h.serviceKey)
	if err != nil {
		return err
	}
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		if _, err := asked.Do(ctx, http.MethodGet, "/dev/calls", nil); err == nil {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-h.process.Done():
			return fmt.Errorf("the hub ended while starting (%s):\n%s", h.process.Outcome(), lastLines(filepath.Join(h.dir, "hub.log"), 5))
		}
	}
}

func (h *devHub) client(key tenancy.Secret) (*client.Client, error) {
	return client.New(client.Options{Addresses: []string{h.url()}, Key: key})
}

// register makes a user with the sample plan and a key. The password follows from the service key, so that a run that
// ended before it could write dev.json is gone on with.
func (h *devHub) register(ctx context.Context, name string) (devTenantState, error) {
	account := map[string]string{"email": name + "@example.org", "password": h.serviceKey.Reveal(), "full_name": name}
	var user struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
		Token string `json:"access_token"`
	}
	anybody, err := h.client(tenancy.Secret{})
	if err != nil {
		return devTenantState{}, err
	}
	if err := anybody.Into(ctx, http.MethodPost, "/api/auth/register", account, &user); err != nil {
		delete(account, "full_name")
		if again := anybody.Into(ctx, http.MethodPost, "/api/auth/login", account, &user); again != nil {
			return devTenantState{}, errors.Join(err, again)
		}
	}
	own, err := h.client(tenancy.NewSecret(user.Token))
	if err != nil {
		return devTenantState{}, err
	}
	if _, err := own.Do(ctx, http.MethodPost, "/api/subscriptions/upgrade", map[string]string{"plan": devPlan}); err != nil {
		return devTenantState{}, err
	}
	var key struct {
		Text string `json:"access_key"`
	}
	if err := own.Into(ctx, http.MethodPost, "/v1/access-keys", map[string]string{"name": "dev", "environment": "live"}, &key); err != nil {
		return devTenantState{}, err
	}
	return devTenantState{Name: name, UserID: &user.User.ID, Key: key.Text}, nil
}

// nameDevTenant gives the tenant of a user the name of the sample, in the place of the user's id.
func nameDevTenant(ctx context.Context, admin *client.Client, made devTenantState) (devTenantState, error) {
	all, err := listDevTenants(ctx, admin)
	if err != nil {
		return made, err
	}
	for _, t := range all {
		if t.UserID != nil && *t.UserID == *made.UserID {
			made.ID = t.ID
			_, err := admin.Do(ctx, http.MethodPatch, "/admin/tenants/"+t.ID, map[string]string{"name": made.Name})
			return made, err
		}
	}
	return made, fmt.Errorf("the cluster has no tenant of user %s", *made.UserID)
}
