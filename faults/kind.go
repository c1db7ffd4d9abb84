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

// Scope says what a kind acts on, and with that which fields a rule may set.
type Scope string

const (
	ScopeCall    Scope = "call"
	ScopeWatch   Scope = "watch"
	ScopeLink    Scope = "link"
	ScopeProcess Scope = "process"
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
	}
}

// Lookup returns the description of a kind, and whether there is such a kind.
func Lookup(k Kind) (Info, bool) {
	for _, info := range Kinds() {
		if info.Kind == k {
			return info, true
		}
	}
	return Info{}, false
}
