package main

import (
	"net/http"
	"os"

	"github.com/seatrial/seatrial/sim/apiserver"
	"github.com/seatrial/seatrial/sim/apiserver/kinds"
	"github.com/seatrial/seatrial/sim/apiserver/loopback"
)

func main() {
	h, err := loopback.New(apiserver.Config{Seed: 1, Kinds: kinds.NewRegistry(kinds.Options{}), WatchList: true, ManagedFields: true, GarbageCollector: true, NamespaceController: true, Replicas: 1})
	if err != nil {
		panic(err)
	}
	panic(http.ListenAndServe(os.Args[1], h.Handler(1, loopback.Options{Compact: true, Token: os.Getenv("TOKEN")})))
}
