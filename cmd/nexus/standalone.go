package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/rest"
	"github.com/hivellm/nexus/cmd/nexus/config"
	"github.com/hivellm/nexus/cmd/nexus/provision"
	"github.com/hivellm/nexus/tenancy"
)

// A standalone node is the same program as a node of a cluster: a cluster of one, without a port for others, with one
// tenant. Its requests are those of keys, too: one that comes without a key is one of the tenant's own, which the node
// keeps in its folder.

const (
	// standaloneTenant is the one tenant.
	standaloneTenant = "default"
	// standaloneTimeout bounds the wait for the node to lead itself.
	standaloneTimeout = 60 * time.Second
)

// checkMode refuses to run a folder in the other mode: nothing is ever switched silently.
func checkMode(c *config.Config) error {
	id, err := provision.StandaloneID(c.DataDir)
	if err != nil {
		return err
	}
	if c.Mode == config.ModeCluster {
		if id != "" {
			return fmt.Errorf("%s holds a standalone node, which is never made a member of a cluster: serve it with --mode standalone, or bring its data into a tenant of a running cluster with \"nexus migrate --from %s --tenant TENANT\"", c.DataDir, c.DataDir)
		}
		return nil
	}
	err = provision.Standalone(c.DataDir)
	if errors.Is(err, provision.ErrCluster) {
		return fmt.Errorf("%s holds a node of a cluster, which is never made a standalone one: serve it with --mode cluster, or give another data_dir", c.DataDir)
	}
	return err
}

// standaloneFiles are what the folder of a standalone node says.
func standaloneFiles(c *config.Config) (files nodeFiles, err error) {
	if files.identity.ClusterID, err = provision.StandaloneID(c.DataDir); err != nil {
		return files, err
	}
	if files.identity.NodeID, err = provision.ReadNodeID(c.DataDir); err != nil {
		return files, err
	}
	if files.secret, err = provision.ReadSecret(filepath.Join(c.DataDir, provision.FileSecret)); err != nil {
		return files, err
	}
	files.operator, err = readOperator(filepath.Join(c.DataDir, provision.FileOperatorHash))
	return files, err
}

// beStandalone waits until the node leads itself, and finds or makes the tenant and its key.
func beStandalone(ctx context.Context, c *config.Config, service *api.Service) (rest.Open, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, standaloneTimeout, fmt.Errorf("the node does not lead itself after %v", standaloneTimeout))
	defer cancel()
	operator, err := standaloneOperator(ctx, c, service)
	if err != nil {
		return rest.Open{}, err
	}
	account, err := standaloneAccount(ctx, service, operator)
	if err != nil {
		return rest.Open{}, err
	}
	path := filepath.Join(c.DataDir, provision.FileDefaultKey)
	key, err := provision.ReadKey(path)
	if err == nil {
		if _, err = service.Authenticate(key.Reveal()); err == nil {
			return rest.Open{Key: key, Everywhere: !c.AuthRequired}, nil
		}
	}
	var refused *api.Error
	if !errors.Is(err, fs.ErrNotExist) && !(errors.As(err, &refused) && refused.Code == api.CodeInvalidToken) {
		return rest.Open{}, err
	}
	made, err := service.CreateKey(ctx, operator, api.KeySpec{Tenant: account.ID.String(), Name: standaloneTenant, Functions: tenancy.EveryFunction()})
	if err != nil {
		return rest.Open{}, err
	}
	return rest.Open{Key: tenancy.NewSecret(made.Text), Everywhere: !c.AuthRequired}, provision.WriteKey(path, made.Text)
}

// standaloneOperator is the operator, once the node leads.
func standaloneOperator(ctx context.Context, c *config.Config, service *api.Service) (tenancy.Principal, error) {
	key, err := provision.ReadKey(filepath.Join(c.DataDir, provision.FileOperatorKey))
	if err != nil {
		return tenancy.Principal{}, err
	}
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		if service.Ready().Leader {
			if operator, err := service.Authenticate(key.Reveal()); err == nil {
				return operator, nil
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return tenancy.Principal{}, context.Cause(ctx)
		}
	}
}

func standaloneAccount(ctx context.Context, service *api.Service, operator tenancy.Principal) (tenancy.Account, error) {
	accounts, err := service.Tenants(ctx, operator)
	if err != nil {
		return tenancy.Account{}, err
	}
	for _, a := range accounts {
		if a.Name == standaloneTenant {
			return a, nil
		}
	}
	return service.CreateTenant(ctx, operator, api.TenantSpec{Name: standaloneTenant})
}
