package policy

import "time"

// docker is when the first image can have been made.
var docker = time.Date(2013, 3, 20, 0, 0, 0, 0, time.UTC)

// Believable reports whether t can be the time at which an image was made or pushed.
// Builders write 1970, 1980 or nothing where they do not want to tell.
func Believable(t, now time.Time) bool {
	return !t.Before(docker) && !t.After(now.Add(day))
}

// Date is the time that an image's age counts from: of the push, else of its creation.
// It is false if neither is known.
func (i *Image) Date(now time.Time) (time.Time, bool) { return date(i.Pushed, i.Created, now) }

func date(pushed, created, now time.Time) (time.Time, bool) {
	switch {
	case Believable(pushed, now):
		return pushed, true
	case Believable(created, now):
		return created, true
	}
	return time.Time{}, false
}

// NeedsPushed reports whether it counts when images were pushed, if anybody knows.
func (e *Entry) NeedsPushed() bool {
	return e != nil && (e.grace.age > 0 || e.untagged.age > 0 || e.within.rule > 0 || e.last.byDate() && e.last.sort != SortCreated)
}

// NeedsCreated reports whether it counts when images were created. allPushed says
// that of every image of the repository it is known when it was pushed.
func (e *Entry) NeedsCreated(allPushed bool) bool {
	switch {
	case e == nil:
		return false
	case e.last.byDate() && e.last.sort == SortCreated:
		return true
	}
	return !allPushed && (e.grace.age > 0 || e.untagged.age > 0 || e.within.rule > 0 || e.last.byDate() && e.last.sort != SortPushed)
}

// GraceOnly reports that dates of tagged images can only spare what would go otherwise: it
// is enough to find out those of the images with a tag that Evaluate, not knowing
// any, calls NotKept or UnknownDate, and to ask it again.
func (e *Entry) GraceOnly() bool { return e == nil || e.within.rule == 0 && !e.last.byDate() }
