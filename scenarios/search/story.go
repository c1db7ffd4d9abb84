package search

import "time"

// Act is something that a user does to one object of a story: applies one of its forms,
// or deletes it and waits until it has gone.
type Act struct {
	At     time.Duration
	Object int // from 0
	Form   int // from 0; of no meaning when Delete is set
	Delete bool
}

// Story is what users do, object by object.
type Story struct {
	Name string
	Acts []Act
}

// ownerOfLife, and a number, is the user whose acts are the life of an object.
const ownerOfLife = "user-"

// GoneForGood is the number of the story in which nothing hides what is left behind.
const GoneForGood = 2

// Stories are the lives that objects have, each once: those that are made anew, those that
// go for good, and those that are made anew before anybody has looked. forms says how many
// forms each object has, one after the other. What comes of the same fault may differ in
// each: what is left behind is hidden by what is made anew, and shows when nothing is.
//
// A story is over after two thirds of the safety phase. Acts of one object are in order
// of time; objects are a second or more apart.
func Stories(forms []int, safety time.Duration) []Story {
	stories := []Story{{Name: "made anew"}, {Name: "gone for good"}, {Name: "at once"}}
	for object, n := range forms {
		at := safety/24 + time.Duration(object)*safety/80
		var acts []Act
		for form := range n {
			acts = append(acts, Act{At: at, Object: object, Form: form})
			at += safety / 12
		}
		gone := max(at, safety/3) + time.Duration(object)*safety/60
		last := max(n-1, 0)
		removed := Act{At: gone, Object: object, Delete: true}
		stories[0].Acts = append(append(stories[0].Acts, acts...), removed, Act{At: gone + safety/24, Object: object, Form: last})
		stories[1].Acts = append(stories[1].Acts, acts...)
		// The first one stays: whoever serves the others is there to be looked at.
		if object > 0 || len(forms) == 1 {
			stories[1].Acts = append(stories[1].Acts, removed)
		}
		soon := acts[0].At
		stories[2].Acts = append(stories[2].Acts, acts[0],
			Act{At: soon + 10*time.Millisecond, Object: object, Delete: true}, Act{At: soon + 20*time.Millisecond, Object: object, Form: last})
	}
	return stories
}
