package apiserver

import (
	"errors"
	"time"

	"github.com/seatrial/seatrial/sim/apiserver/kinds/registry"
)

// Config says what a server is made of. Clock and Kinds are required; the zero
// value of everything else is the default of a production cluster.
type Config struct {
	Clock Clock
	// Seed is the source of uids and generated names: each is a hash of the
	// seed and of the object's identity, so that leaving one object out of a
	// run does not change the uids of the others.
	Seed uint64
	// Kinds are the kinds served from the start. A registry holds the state of
	// address pools and so belongs to one server.
	Kinds *registry.Registry
	// Replicas is the number of API-server front ends over the one revision
	// log; 0 means 1.
	Replicas int
	// WatchList switches the WatchList feature on (sendInitialEvents). Off, the
	// server refuses it with 422, as clusters before 1.34 did.
	WatchList bool
	// DisableWatchCache serves every read and watch from the log itself.
	DisableWatchCache bool
	// WatchCacheSize is how many events of one resource a watch cache keeps;
	// a watch from before them answers 410. 0 keeps all.
	WatchCacheSize int
	// ManagedFields puts metadata.managedFields into every object. Off, they
	// are recorded all the same but shown only from an object's first apply on:
	// computing them costs about ten times as much as the rest of a write.
	ManagedFields bool
	// CompactionInterval discards history older than the previous tick, as
	// kube-apiserver does every 5 minutes. 0 never compacts.
	CompactionInterval time.Duration
	// BookmarkInterval is the time between bookmarks on watches that allow
	// them; 0 means 1 minute.
	BookmarkInterval time.Duration
	// WatchTimeout ends watches that name no timeoutSeconds; 0 means 30 to 60
	// minutes, by a hash of seed and request number.
	WatchTimeout time.Duration
	// ServiceIPAddresses keeps an IPAddress object for every cluster IP, as
	// clusters since 1.33 do. It doubles the commits of a Service's creation.
	ServiceIPAddresses bool
	// These run the parts of kube-controller-manager that clients take for granted.
	// Without QuotaController a namespace with a quota takes nothing that the quota
	// limits; without ClaimProtection and VolumeProtection no claim and no volume that
	// is deleted ever goes.
	GarbageCollector    bool
	NamespaceController bool
	QuotaController     bool
	ClaimProtection     bool
	VolumeProtection    bool
	// ControllerLag is how long after a change those act; 0 means 100 ms.
	ControllerLag time.Duration
	// CallWebhook carries the server's calls to admission webhooks. Nil: nobody
	// listens anywhere, so that every call is refused and the webhook's
	// failurePolicy decides.
	CallWebhook CallWebhook
	// Offload does work, which touches nothing of the server, where it holds
	// nobody up, and then calls done, serialised with all other calls into the
	// server. Nil: work is done at once, as a simulation wants it.
	Offload func(work, done func())
	// PodLog is the text of pods/log, as whoever plays the kubelet has it;
	// container is empty when the request names none. Nil: 500.
	PodLog func(namespace, pod, container string) string
	// OnCommit is called for every entry of the revision log, in order, before
	// any watch hears of it.
	OnCommit func(Commit)
}

const defaultControllerLag = 100 * time.Millisecond

func (c *Config) complete() error {
	if c.Clock == nil {
		return errors.New("apiserver: config without a clock")
	}
	if c.Kinds == nil {
		return errors.New("apiserver: config without kinds")
	}
	if c.Replicas <= 0 {
		c.Replicas = 1
	}
	if c.BookmarkInterval <= 0 {
		c.BookmarkInterval = time.Minute
	}
	if c.ControllerLag <= 0 {
		c.ControllerLag = defaultControllerLag
	}
	return nil
}
