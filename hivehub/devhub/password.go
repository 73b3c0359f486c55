package devhub

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// How hard a password is to guess: argon2id with 19 MiB and two passes, the least that OWASP recommends.
const (
	passwordMemoryKiB = 19 * 1024
	passwordPasses    = 2
	passwordThreads   = 1
	passwordSalt      = 16
	passwordHash      = 32
	// maxHashing bounds how many passwords are hashed at once, and with it the memory.
	maxHashing = 2

	minPassword, maxPassword = 8, 256
)

// noPassword is what is kept of a password that nobody knows: a login without a user costs what one with a user does.
const noPassword = "$argon2id$v=19$m=19456,t=2,p=1$XFliQrSU4BZH7zmpG4atfw$vMFntugeRbwNDQ5+MGz/0cGKGf+vw7RezZLkdkdJecA"

// hashPassword is what is kept of a password.
func hashPassword(password string) string {
	salt := make([]byte, passwordSalt)
	_, _ = rand.Read(salt) // it never fails
	hash := argon2.IDKey([]byte(password), salt, passwordPasses, passwordMemoryKiB, passwordThreads, passwordHash)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, passwordMemoryKiB, passwordPasses, passwordThreads, encode(salt), encode(hash))
}

// passwordFits compares a password with what is kept of one, in the same time for every password. A kept text of
// another shape fits none.
func passwordFits(password, kept string) bool {
	var version, memory, passes, threads int
	parts := strings.Split(kept, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	_, err1 := fmt.Sscanf(parts[2], "v=%d", &version)
	_, err2 := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads)
	salt, err3 := base64.RawStdEncoding.DecodeString(parts[4])
	hash, err4 := base64.RawStdEncoding.DecodeString(parts[5])
	if firstOf([]error{err1, err2, err3, err4}) != nil || version != argon2.Version || len(hash) != passwordHash ||
		memory != passwordMemoryKiB || passes != passwordPasses || threads != passwordThreads {
		return false
	}
	again := argon2.IDKey([]byte(password), salt, passwordPasses, passwordMemoryKiB, passwordThreads, passwordHash)
	return subtle.ConstantTimeCompare(again, hash) == 1
}

// newToken makes an access token.
func newToken() string {
	var random [32]byte
	_, _ = rand.Read(random[:])
	return "hat_" + base64.RawURLEncoding.EncodeToString(random[:])
}

// tokenHash is what is kept of a token.
func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// newName makes a random name.
func newName(prefix string) string {
	var random [8]byte
	_, _ = rand.Read(random[:])
	return prefix + hex.EncodeToString(random[:])
}
