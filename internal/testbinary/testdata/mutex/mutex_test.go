package mutex

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Goal: with the overlay of seatrial test, goroutines of a bubble that wait for a lock
// let its time pass, and those that wait for a lock which somebody outside may hold do
// not. Without it the first test never ends.

func TestTheHolderOfALockWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var rw sync.RWMutex
		var wg sync.WaitGroup
		begin := time.Now()
		for range 3 {
			wg.Go(func() { mu.Lock(); time.Sleep(time.Second); mu.Unlock() })
			wg.Go(func() { rw.Lock(); time.Sleep(time.Second); rw.Unlock() })
			wg.Go(func() { rw.RLock(); time.Sleep(time.Second); rw.RUnlock() })
		}
		synctest.Wait()
		if d := time.Since(begin); d != 0 {
			t.Errorf("%v passed, and nobody waited for time alone", d)
		}
		wg.Wait()
		if d := time.Since(begin); d < 4*time.Second || d > 6*time.Second {
			t.Errorf("the locks were held for %v", d)
		}
	})
}

var outside sync.Mutex

func TestSomebodyOutsideHoldsALock(t *testing.T) {
	outside.Lock()
	go func() { time.Sleep(100 * time.Millisecond); outside.Unlock() }()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		done := make(chan bool)
		go func() { outside.Lock(); outside.Unlock(); close(done) }()
		select {
		case <-done:
		case <-time.After(time.Hour):
			t.Errorf("time passed while the lock was held elsewhere: %v", time.Since(begin))
			<-done
		}
	})
}
