package globalnet

import (
	"fmt"
	"testing"

	"github.com/seatrial/seatrial/model"
)

// reference tells of a run of about the size of the reference plan's: services
// are created, exported, served, re-reported, unexported and retired by two
// controllers, and every eighth status write gets no answer.
func reference(services, rounds int) *model.History {
	s := newStory()
	for round := range rounds {
		for i := range services {
			key, ip := fmt.Sprintf("ns/s%d", i), fmt.Sprintf("10.%d.%d.%d", 1+i/60000, i/250, 1+i%250)
			if round == 0 {
				s.user().CreateService(key)
			}
			s.user().export(key)
			c := s.process(fmt.Sprintf("controller-%d", (round+i)%2))
			c.Protobuf = true
			c.serve(key, ip)
			if i%8 == 0 {
				c.dropped().status(key, ip)
			}
			c.status(key, ip)
			if round < rounds-1 {
				s.user().unexport(key)
				c.retire(key, ip)
			}
		}
	}
	return s.Done()
}

func globalnetAndGeneric() []model.Property {
	return append(Properties(testOptions), model.Generic()...)
}

// The whole judge on histories of growing length, the first of the reference
// plan's size. The pool of the test options does not hold these addresses, so some
// properties are violated, which takes no less time.
func BenchmarkJudge(b *testing.B) {
	properties := globalnetAndGeneric()
	for _, size := range []struct{ services, rounds int }{{8, 3}, {100, 3}, {1000, 2}} {
		h := reference(size.services, size.rounds)
		b.Run(fmt.Sprintf("calls=%d/services=%d", len(h.Calls), size.services), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, result := range model.Judge(h, properties).Results {
					if result.Status == model.Undecided {
						b.Fatal(result.Name, result.Message)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(h.Calls)), "µs/call")
		})
	}
}

// Each property alone, on the same history.
func BenchmarkProperty(b *testing.B) {
	h := reference(8, 3)
	for _, property := range globalnetAndGeneric() {
		b.Run(property.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				property.Check(h)
			}
		})
	}
}

// overlapped lets every third call begin during the one before it, so that no
// partition has but one order and porcupine must search.
func overlapped(h *model.History) *model.History {
	for i := 2; i < len(h.Calls); i += 3 {
		h.Calls[i].CallSeq = h.Calls[i-1].CallSeq + 1
	}
	return h
}

// Porcupine against history length: the allocation property alone, for three
// to 1,000 services, and for one service that comes and goes.
func BenchmarkAllocation(b *testing.B) {
	for _, size := range []struct{ services, rounds int }{{3, 3}, {30, 3}, {300, 3}, {600, 3}, {1000, 2}, {1, 100}, {1, 1400}} {
		h := overlapped(reference(size.services, size.rounds))
		b.Run(fmt.Sprintf("calls=%d/services=%d", len(h.Calls), size.services), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if result := allocation(testOptions).Check(h); result.Status != model.Held {
					b.Fatal(result.Message)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(h.Calls)), "µs/call")
		})
	}
}
