package program

import "fmt"

// Where a process of a cluster finds itself and the API server. hooks/net.go.txt and
// hooks/http.go.txt have the same addresses.
const (
	podIP         = "10.244.0.10"
	apiServerIP   = "10.96.0.1"
	apiServerPort = 443
)

// serverIP is the address of the i-th of the world's servers beside the API server.
func serverIP(i int) string { return fmt.Sprintf("203.0.113.%d", i+1) }
