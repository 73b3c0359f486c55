package digest

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft/peer"
)

const (
	// chunkBytes is how much of a store goes into one frame.
	chunkBytes = 256 << 10
	// idleLimit is how long a stream may stand still (R23).
	idleLimit = 10 * time.Second
)

// errIdle ends a stream that stands still.
var errIdle = errors.New("the stream of the store stood still")

// job is a repair: the node to fetch from, and the databases it is for.
type job struct {
	source string
	places []fsm.Place
}

// repairs does one job at a time.
func (k *Keeper) repairs(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case one := <-k.jobs:
			if k.needed(one) {
				k.repair(ctx, one)
			}
		}
	}
}

// needed tells whether a job's databases still are damaged: another repair may have come before it.
func (k *Keeper) needed(one job) bool {
	for _, p := range one.places {
		if errors.Is(k.config.Machine.CheckWritable(p.Tenant, p.Database), fsm.ErrDamaged) {
			return true
		}
	}
	return false
}

// repair fetches a whole store and adopts it. Where that fails, everything is as it was, and the next verdict tries again.
func (k *Keeper) repair(ctx context.Context, one job) {
	logger := k.config.Logger.With("from", one.source, "databases", len(one.places))
	logger.Info("fetching a whole store: this node's is damaged")
	started := time.Now()
	if err := k.fetch(ctx, one); err != nil {
		logger.Error("the store was not repaired", "error", err.Error())
		return
	}
	k.config.Node.AskCompact() // this node's own snapshot is of the store it had
	logger.Info("the store was repaired", "took", time.Since(started))
}

func (k *Keeper) fetch(ctx context.Context, one job) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request := binary.BigEndian.AppendUint64(nil, k.config.Machine.Applied())
	stream, err := k.config.Node.Stream(ctx, one.source, methodStore, request)
	if err != nil {
		return err
	}
	defer stream.Close()
	idle := time.AfterFunc(idleLimit, func() { cancel(errIdle) })
	defer idle.Stop()
	source := &frames{stream: stream, progress: func() { idle.Reset(idleLimit) }, ended: func() { idle.Stop() }}
	return k.config.Machine.Adopt(ctx, source, one.places, k.config.Node.Entries)
}

// frames reads a stream of frames as bytes.
type frames struct {
	stream   *peer.Stream
	progress func()
	ended    func() // everything came: what follows is this node's own work
	left     []byte
}

// Read implements io.Reader.
func (f *frames) Read(p []byte) (int, error) {
	for len(f.left) == 0 {
		frame, err := f.stream.Receive()
		if errors.Is(err, io.EOF) {
			f.ended()
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		f.progress()
		f.left = frame
	}
	n := copy(p, f.left)
	f.left = f.left[n:]
	return n, nil
}

// serveStore streams this node's store as it is once it holds the index that the other node has applied.
func (k *Keeper) serveStore(ctx context.Context, _ string, stream *peer.ServerStream) (err error) {
	request := stream.Request()
	if len(request) != 8 {
		return peer.Refuse(peer.CodeRefused, "an index of %d bytes", len(request))
	}
	if err := k.config.Machine.WaitApplied(ctx, binary.BigEndian.Uint64(request)); err != nil {
		return err
	}
	source, err := k.config.Machine.Stream()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	chunk := make([]byte, chunkBytes)
	for {
		n, err := io.ReadFull(source, chunk)
		if n > 0 {
			if err := stream.Send(chunk[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}
