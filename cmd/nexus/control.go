package main

import (
	"fmt"
	"log/slog"

	"github.com/hivellm/nexus/api/control"
	"github.com/hivellm/nexus/cmd/nexus/config"
	"github.com/hivellm/nexus/cmd/nexus/provision"
	"github.com/hivellm/nexus/hivehub"
)

// controlSettings opens what a node needs of the control plane; nil where none is configured.
func controlSettings(c *config.Config, logger *slog.Logger) (*control.Settings, error) {
	hub := c.HiveHub
	if hub.URL == "" {
		return nil, nil
	}
	key := hub.ServiceKey
	if hub.ServiceKeyFile != "" {
		var err error
		if key, err = provision.ReadKey(hub.ServiceKeyFile); err != nil {
			return nil, fmt.Errorf("hivehub.service_key_file: %w", err)
		}
	}
	settings := &control.Settings{
		Poll: hub.Poll, UsageEvery: hub.UsageEvery, Windows: hivehub.Windows{Fresh: hub.Fresh, Stale: hub.Stale},
		Expired: hub.Expired, Retention: hub.Retention,
	}
	if hub.EventsSecretFile != "" {
		secret, err := provision.ReadKey(hub.EventsSecretFile)
		if err != nil {
			return nil, fmt.Errorf("hivehub.events_secret_file: %w", err)
		}
		if settings.Verifier, err = hivehub.NewVerifier(secret); err != nil {
			return nil, err
		}
	}
	var err error
	if settings.Client, err = hivehub.New(hivehub.Config{URL: hub.URL, ServiceKey: key, Logger: logger}); err != nil {
		return nil, fmt.Errorf("hivehub.url: %w", err)
	}
	return settings, nil
}
