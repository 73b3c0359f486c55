package cluster

import (
	"context"
	"fmt"
	"time"
)

// lookEvery is how often a condition is looked at.
const lookEvery = 10 * time.Millisecond

// Until looks at a condition until it holds, fails, or the context ends; what names it in the error. The last error of a
// condition that only did not hold yet is its caller's to keep.
func Until(ctx context.Context, what string, holds func() (bool, error)) error {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		ok, err := holds()
		switch {
		case err != nil:
			return fmt.Errorf("wait for %s: %w", what, err)
		case ok:
			return nil
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, context.Cause(ctx))
		}
	}
}
