package faults

// Kind names one thing that can go wrong, as scenario files spell it.
type Kind string

// Faults of one call. The first rule that fires decides the call's fate.
const (
	ConnectionRefused  Kind = "connection-refused"  // fails before anything is sent
	ConnectionReset    Kind = "connection-reset"    // the connection breaks before the server has read the request
	TooManyRequests    Kind = "too-many-requests"   // 429 with Retry-After, not applied
	InternalError      Kind = "internal-error"      // 500, not applied
	ServiceUnavailable Kind = "service-unavailable" // 503, not applied
	GatewayTimeout     Kind = "gateway-timeout"     // 504, not applied
	TimeoutApplied     Kind = "timeout-applied"     // 504 after a wait; the write was applied
	TimeoutDropped     Kind = "timeout-dropped"     // the same answer; the write was not applied
	ResponseLost       Kind = "response-lost"       // applied, then the connection breaks
	Latency            Kind = "latency"             // slower, nothing else
)

// Faults of a watch stream, a link and a process.
const (
	WatchClosed Kind = "watch-closed" // an open watch ends without an error
	Partition   Kind = "partition"    // packets between a process and the API server are held
	Crash       Kind = "crash"        // the process ends at once; it may be restarted
)

// More faults of one call.
const (
	BlackHole Kind = "black-hole" // nothing comes back until the connection is declared dead; not applied
	SlowBody  Kind = "slow-body"  // the body of the answer trickles in
	Hold      Kind = "hold"       // the request, or its answer, is on its way until the window ends
)

// More faults of a watch: of the stream, and of the single events in it.
const (
	WatchError        Kind = "watch-error"        // an ERROR event with 500 ends it
	WatchExpired      Kind = "watch-expired"      // an ERROR event with 410 ends it: the client lists again
	WatchDelayed      Kind = "watch-delayed"      // events arrive late, in order
	BookmarksWithheld Kind = "bookmarks-withheld" // no bookmarks arrive
	EventLost         Kind = "event-lost"         // an event is missing; not permitted
	EventRepeated     Kind = "event-repeated"     // an event comes twice; not permitted
)

// Faults of the API servers and of what acts beside them.
const (
	HistoryForgotten Kind = "history-forgotten" // watches cannot be resumed from before
	CacheLag         Kind = "cache-lag"         // a replica's watch cache is behind
	ReplicaDown      Kind = "replica-down"      // a replica answers nobody
	GCLag            Kind = "gc-lag"            // garbage and namespace collection are late
)

// More faults of a link and a process.
const (
	FailOver  Kind = "fail-over"  // the process is connected to another replica
	Pause     Kind = "pause"      // the process is stopped for a while, as the world sees it
	CrashLoop Kind = "crash-loop" // the process is killed again and again
)

// A fault of one call that depends on what others do meanwhile.
const (
	Overtaken Kind = "overtaken" // the request arrives after others have changed its object
)

// Faults of what a process does to the machine it runs on.
const (
	HostError Kind = "host-error" // a change of the host fails
	HostHang  Kind = "host-hang"  // a change of the host takes long
	HostCrash Kind = "host-crash" // the process is killed at a change of its host
)

// Faults that are drawn only for programs of their own (sim/program).
const (
	Terminate Kind = "terminate"  // the process is asked to end, and killed when its grace is over
	ClockSkew Kind = "clock-skew" // the process's wall clock is ahead, or behind
)

// Scope says what a kind acts on, and with that which fields a rule may set.
type Scope string

const (
	ScopeCall    Scope = "call"
	ScopeWatch   Scope = "watch"
	ScopeEvent   Scope = "event"  // one event of a watch
	ScopeServer  Scope = "server" // an API server, or the controllers of the control plane
	ScopeLink    Scope = "link"
	ScopeProcess Scope = "process"
	ScopeHost    Scope = "host" // what a process does to the machine it runs on
)

// Info describes a kind.
type Info struct {
	Kind  Kind
	Scope Scope
	// Permitted: a conforming cluster may do this to a client.
	Permitted bool
	// Unknown: the client cannot tell whether its request took effect.
	Unknown bool
	// Summary is one sentence; Source is where Kubernetes, Go or TCP says so.
	Summary, Source string
}

// Kinds lists every kind in a fixed order, the order in which a generator
// draws them. Append only: a new kind in the middle would give old seeds a new
// meaning.
func Kinds() []Info {
	return []Info{
		{ConnectionRefused, ScopeCall, true, false,
			"The API server's endpoint does not accept the connection.", "connect(2) ECONNREFUSED; API server restart or load balancer without backends"},
		{ConnectionReset, ScopeCall, true, false,
			"The connection is closed before the request has been read.", "RFC 9293 section 3.10.7; an API server that shuts down"},
		{TooManyRequests, ScopeCall, true, false,
			"API priority and fairness rejects the request and names a delay.", "Kubernetes docs: API Priority and Fairness; KEP-1040"},
		{InternalError, ScopeCall, true, false,
			"The server fails before storage is reached, for instance in a webhook or a storage read.", "API conventions: HTTP status codes, 500"},
		{ServiceUnavailable, ScopeCall, true, false,
			"The server or an aggregated backend is not ready.", "API conventions: HTTP status codes, 503"},
		{GatewayTimeout, ScopeCall, true, false,
			"A proxy in front of the server, or the server itself, gives up before the request is executed.", "API conventions: HTTP status codes, 504"},
		{TimeoutApplied, ScopeCall, true, true,
			"The server's time-out filter answers 504 while the write goes on and succeeds.", "k8s.io/apiserver WithTimeoutForNonLongRunningRequests: the request may still be processing"},
		{TimeoutDropped, ScopeCall, true, true,
			"The server's time-out filter answers 504 and the write never reaches storage.", "as timeout-applied; etcd had no quorum"},
		{ResponseLost, ScopeCall, true, true,
			"The write is committed and the connection breaks before the answer arrives.", "RFC 9110 section 9.2.2: a client cannot know whether a request was applied"},
		{Latency, ScopeCall, true, false,
			"The request or its answer takes longer than usual.", "no bound is promised; Kubernetes SLOs speak of percentiles"},
		{WatchClosed, ScopeWatch, true, false,
			"The server ends a watch at a time of its choosing.", "API concepts: efficient detection of changes; --min-request-timeout"},
		{Partition, ScopeLink, true, true,
			"No packet passes between the process and the API server; TCP resends when the link heals, and a connection that stays silent is declared dead.", "net/http2 ReadIdleTimeout 30s and PingTimeout 15s as client-go sets them"},
		{Crash, ScopeProcess, true, true,
			"The process is killed and may be started again; what it had sent may still arrive.", "kill -9, node failure, OOM"},
		{BlackHole, ScopeCall, true, true,
			"The request is dropped on its way without a word, and the connection is declared dead after a while.", "net/http2 ReadIdleTimeout 30s and PingTimeout 15s as client-go sets them; a load balancer that forgot the connection"},
		{SlowBody, ScopeCall, true, false,
			"The body of the answer trickles in.", "no bound is promised; RFC 9293 section 3.8.6, flow control"},
		{Hold, ScopeCall, true, true,
			"The request, or its answer, is held on its way and let go when the window ends, whether or not anybody still waits for it.", "RFC 9293 section 3.8.1, retransmission; proxies and queues in front of the server"},
		{WatchError, ScopeWatch, true, false,
			"The server ends a watch with an ERROR event.", "API concepts: efficient detection of changes; k8s.io/apiserver watch cache, etcd3 watcher errors"},
		{WatchExpired, ScopeWatch, true, false,
			"The server tells a watch that its resourceVersion is too old, and the client has to list again.", "API concepts: 410 Gone responses"},
		{WatchDelayed, ScopeEvent, true, false,
			"Events of a watch arrive late and in order.", "API concepts: watches are eventually consistent, no bound is promised"},
		{BookmarksWithheld, ScopeEvent, true, false,
			"No bookmarks arrive on a watch that allows them.", "API concepts: watch bookmarks; clients may not assume that they come at any interval"},
		{EventLost, ScopeEvent, false, false,
			"An event of a watch is missing, and nothing tells.", "forbidden by API concepts, efficient detection of changes: no event is missed"},
		{EventRepeated, ScopeEvent, false, false,
			"An event of a watch comes twice.", "forbidden by the ordering of resourceVersions within a watch, KEP-2340"},
		{HistoryForgotten, ScopeServer, true, false,
			"An API server's watch cache forgets what happened before, so that a watch resumed from there answers 410.", "API concepts: 410 Gone responses; etcd compaction every 5m; restart of an API server"},
		{CacheLag, ScopeServer, true, false,
			"An API server's watch cache is behind etcd: watches and reads at resourceVersion 0 show the past.", "API concepts: resourceVersion semantics, any; KEP-2340"},
		{ReplicaDown, ScopeServer, true, true,
			"An API server goes down with its connections; its clients reconnect to another, or are refused if there is none.", "highly available control plane; rolling upgrade of API servers"},
		{GCLag, ScopeServer, true, false,
			"The garbage collector and the namespace controller act late.", "Kubernetes docs: garbage collection happens in the background"},
		{FailOver, ScopeLink, true, true,
			"The process's connection breaks and the next one reaches another API server, whose cache may be older.", "load balancing over API servers; kubernetes #59848 (going back in time)"},
		{Pause, ScopeProcess, true, false,
			"The process is stopped for a while and goes on: nothing leaves or reaches it meanwhile, and no connection is declared dead.", "SIGSTOP, cgroup freezer, live migration of a virtual machine, long garbage collection"},
		{CrashLoop, ScopeProcess, true, true,
			"The process is killed a while after each of its starts.", "CrashLoopBackOff: OOM killer, failing liveness probe"},
		{Overtaken, ScopeCall, true, true,
			"The write is held on its way until others have changed its object, and lands then, whether or not anybody still waits for it.", "as hold: nothing orders the requests of two clients, or of two connections of one"},
		{HostError, ScopeHost, true, true,
			"A change that the process makes to its host fails, before it is done or after.", "nft(8), ip(8): exit status 1; a lock that others hold, a kernel out of memory"},
		{HostHang, ScopeHost, true, false,
			"A change that the process makes to its host takes long.", "nft(8), iptables(8) --wait: others hold the lock; a machine that swaps"},
		{HostCrash, ScopeHost, true, true,
			"The process is killed at a change of its host, before it is done or after, and may be started again; what is done stays.", "kill -9, OOM killer; the kernel's tables outlive the process"},
	}
}

// ProgramKinds lists kinds, in a fixed order, that are drawn only where programs of
// their own are under test. Append only.
//
// A function that is asked to end finds its context ended and its network as it was;
// its clock is that of the world, so a clock-skew leaves it alone.
func ProgramKinds() []Info {
	return []Info{
		{Terminate, ScopeProcess, true, false,
			"The process is asked to end (SIGTERM), and killed when its grace is over; it may be started again.", "Kubernetes docs: pod lifecycle, termination of pods; rolling update, drain, failed liveness probe"},
		{ClockSkew, ScopeProcess, true, false,
			"The wall clock of the process jumps ahead, or back, and is set right later; its timers run on.", "Kubernetes docs promise no bound on the skew between nodes; NTP steps, virtual machine migration"},
	}
}

// KindNames lists the names of all kinds, of functions and of programs.
func KindNames() []string {
	var out []string
	for _, info := range append(Kinds(), ProgramKinds()...) {
		out = append(out, string(info.Kind))
	}
	return out
}

// Lookup returns the description of a kind, and whether there is such a kind.
func Lookup(k Kind) (Info, bool) {
	for _, info := range append(Kinds(), ProgramKinds()...) {
		if info.Kind == k {
			return info, true
		}
	}
	return Info{}, false
}
