// Command chancy prints what a seed decides: the order of a map, the choices of
// a select, the time, addresses, and who wins a race between goroutines. With
// an argument it does something that exact mode has no answer to.
package main

import (
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		trouble(os.Args[1])
	}
	fmt.Println("map", mapOrder())
	fmt.Println("select", selectChoices())
	fmt.Println("race", race())
	began := time.Now()
	time.Sleep(time.Hour)
	fmt.Println("time", began, time.Since(began))
	fmt.Printf("address %p\n", new(int))
}

func trouble(kind string) {
	switch kind {
	case "exit":
		os.Exit(7)
	case "panic":
		panic("nobody recovers this")
	case "kill":
		syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	case "dial":
		_, err := net.Dial("tcp", "192.0.2.1:80")
		fmt.Println(err)
		os.Exit(1)
	}
}

func mapOrder() (order []int) {
	m := make(map[int]bool)
	for i := range 20 {
		m[i] = true
	}
	for i := range m {
		order = append(order, i)
	}
	return order
}

func selectChoices() string {
	a, b := make(chan bool, 40), make(chan bool, 40)
	for range 40 {
		a <- true
		b <- true
	}
	choices := ""
	for range 40 {
		select {
		case <-a:
			choices += "a"
		case <-b:
			choices += "b"
		}
	}
	return choices
}

// race lets goroutines write their number a few times without ever waiting.
func race() string {
	var mu sync.Mutex
	var wg sync.WaitGroup
	order := ""
	for i := range 4 {
		wg.Go(func() {
			for range 4 {
				note(&mu, &order, i)
			}
		})
	}
	wg.Wait()
	return order
}

//go:noinline
func note(mu *sync.Mutex, order *string, i int) {
	mu.Lock()
	defer mu.Unlock()
	*order += fmt.Sprint(i)
}
