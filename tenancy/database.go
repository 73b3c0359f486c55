package tenancy

import "fmt"

// DatabaseID is the number of a database within its tenant. 0 is the database "default", with which every
// tenant is born; the others come from the log and are never used again.
type DatabaseID uint32

// DefaultDatabaseID is the number of the database "default".
const DefaultDatabaseID DatabaseID = 0

const (
	// DefaultDatabase is the name of the database every tenant is born with. It cannot be dropped.
	DefaultDatabase = "default"
	// DatabaseAlias is a second name of the default database, which many programs insist on.
	DatabaseAlias = "neo4j"
	// MaxDatabaseName is the longest name of a database in bytes.
	MaxDatabaseName = 63
)

// CanonicalDatabase is the name under which a database is kept: an absent name and the alias mean the
// default database, every other name means itself. It does not check the name.
func CanonicalDatabase(name string) string {
	if name == "" || name == DatabaseAlias {
		return DefaultDatabase
	}
	return name
}

// CheckDatabaseName refuses, with a [*DatabaseNameError], what does not match ^[a-z][a-z0-9_-]{0,62}$.
func CheckDatabaseName(name string) error {
	if len(name) == 0 || len(name) > MaxDatabaseName || !isLower(name[0]) {
		return &DatabaseNameError{Name: clip(name)}
	}
	for i := 1; i < len(name); i++ {
		if c := name[i]; !isLower(c) && !isDigit(c) && c != '_' && c != '-' {
			return &DatabaseNameError{Name: clip(name)}
		}
	}
	return nil
}

// DatabaseNameError says that a text cannot be the name of a database.
type DatabaseNameError struct {
	// Name is what was given, clipped to a bounded length.
	Name string
}

// Error implements error.
func (e *DatabaseNameError) Error() string {
	return fmt.Sprintf("%q is not a database name: a lower-case letter, then at most %d lower-case letters, digits, \"_\" or \"-\"",
		e.Name, MaxDatabaseName-1)
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
