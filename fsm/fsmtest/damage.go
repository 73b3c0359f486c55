package fsmtest

import (
	"github.com/hivellm/nexus/graph/store/storetest"
	"github.com/hivellm/nexus/tenancy"
)

// ChangeProperty changes one property in the store of a stopped node: in the first node record of a database that holds
// the text `from`, `to` of the same length stands in its place. dir is the machine's directory.
func ChangeProperty(dir string, t tenancy.ID, db tenancy.DatabaseID, from, to string) error {
	return storetest.ReplaceText(dir, nil, t, db, from, to)
}
