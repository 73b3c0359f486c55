// Package hivehub is the client of the control plane: HiveHub owns users, plans, quotas and API keys.
//
// It stands on floor 1 and is empty until the issue that builds it (tenants, keys, quotas and HiveHub): until then
// tenants and keys are made over /admin, and no hub is configured. Nothing else may speak to a control plane.
//
// It must never be on a request's path, and never know how the ledger it feeds is stored.
package hivehub
