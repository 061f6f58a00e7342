/* The lease of one key, as domain/lease.py, vending/obtain.py, replacing.py, wait.py
 * and adapters/dynamodb/token_store.py have it. States and steps bear the code's names.
 *
 *     ABSENT ──acquire_lease──► HELD ──put_token or release_lease──► ABSENT
 *                                │ stood unchanged for LEASE on the waiter's monotonic clock,
 *                                │ or `deadline_at` is past by more than the clock skew
 *                                └──acquire_lease(instead_of)──► HELD (by another id)
 *
 * Time passes in ticks, for all at once, at any moment: between any two steps of a request.
 * A holder ends within LEASE, unless it *stalls*, and everybody dies when its invocation ends.
 * `make model` passes the bounds of domain/bounds.py, in ticks, and reads what is shown below.
 *
 * What the world may do, `MISCHIEF` times in one run: kill a request at any step, stall a
 * holder, throttle a conditional write, lose the answer of a write (botocore then repeats it),
 * let the provider fail.
 *
 * Promises
 *   assert   at most one exchange at a time, but for one more for each holder that stalled
 *   assert   no exchange for a token that is there already, after the lease was won
 *   assert   only the holder puts a token, and nobody who lives leaves a lease behind
 *   assert   who waits behind a dead holder, with nothing else amiss, is not sent away
 *   end      no request ever hangs
 *   progress whatever was done to it, the token is made again and again (LTL, FOREVER)
 */

#ifndef REQUESTS
#define REQUESTS 3 /* at the same time: a holder, one who takes over, one who watched the first */
#endif
#ifndef MISCHIEF
#define MISCHIEF 2
#endif
/* In ticks, from domain/bounds.py. */
#ifndef LEASE
#define LEASE 2
#define LEASE_WAIT 2
#define EXCHANGE_NEEDS 2
#define ANSWER_NEEDS 1
#define FUNCTION_TIMEOUT 4
#define CLOCK_SKEW 5
#define CLOCK_TOLERANCE 1 /* by so much a clock may be wrong once AWS's Date has corrected it */
#endif
#ifdef BROKEN_WALL_CLOCK
#define CLOCK_ERROR 50 /* minutes, and nobody corrects it */
#else
#define CLOCK_ERROR CLOCK_TOLERANCE
#endif

#ifdef BROKEN_LEASE_SHORTER_THAN_THE_CALL
#define UNCHANGED_FOR 1
#else
#define UNCHANGED_FOR LEASE
#endif

#define IDS (3 * REQUESTS + 2)
#define NOBODY IDS
#define LONG_DEAD (-(CLOCK_SKEW + CLOCK_ERROR))

mtype:lease = { ABSENT, HELD };
mtype:usability = { USABLE, REPLACEABLE, UNUSABLE };
mtype:request = { IDLE, RUNNING, PAUSING, HOLDING, KILLED, OVER };

/* The item in the tokens table. */
mtype:lease lease = ABSENT;
byte lease_id = NOBODY;
short deadline_at = LONG_DEAD; /* ticks from now, by the holder's clock */
mtype:usability token = UNUSABLE;

byte mischief = MISCHIEF;

/* One request, of an environment of its own. */
typedef Request {
  mtype:request state = IDLE;
  byte id = NOBODY;        /* its lease's */
  byte left;               /* until its invocation ends */
  byte slack;              /* of a holder: until it counts as stalled */
  bool stalled;
  bool exchanging;
  bool behind_the_dead;    /* all it saw since it came is a lease that a dead request left */
  /* what it read last */
  byte seen_id = NOBODY;
  short seen_deadline_at;
  /* LeaseWatch */
  byte watched = NOBODY;
  byte unchanged_for;
};
Request requests[REQUESTS];

#define ME requests[me]
#define LIVES(i) (requests[i].state != IDLE && requests[i].state != KILLED && requests[i].state != OVER)

/* Clocks that are wrong, from slow to fast: the last to come is the first to see a death. */
#define CLOCK_OF(i) ((2 * i - REQUESTS + 1) * CLOCK_ERROR / (REQUESTS - 1))

/* Who comes first does not matter, so they come in the order of their numbers. */
#ifdef FOREVER
#define MAY_COME(i) true
#else
#define MAY_COME(i) (i == 0 || requests[i - 1].state != IDLE)
#endif

#define HOLDS(i, lease) (LIVES(i) && requests[i].id == lease)
#define ON_TIME(i) (requests[i].exchanging && !requests[i].stalled)
#if REQUESTS == 2
#define EXCHANGES_ON_TIME (ON_TIME(0) + ON_TIME(1))
#define NOBODY_ALIVE_HOLDS(lease) (!HOLDS(0, lease) && !HOLDS(1, lease))
#else
#define EXCHANGES_ON_TIME (ON_TIME(0) + ON_TIME(1) + ON_TIME(2))
#define NOBODY_ALIVE_HOLDS(lease) (!HOLDS(0, lease) && !HOLDS(1, lease) && !HOLDS(2, lease))
#endif

inline disturb() {
  mischief--;
  for (other : 0 .. REQUESTS - 1) { requests[other].behind_the_dead = false };
  other = 0
}

/* A random id is one that nobody has ever seen; an id that nobody remembers is as good. */
inline new_lease() {
  id = 0;
  do
  :: id < IDS ->
    used = (lease_id == id);
    for (other : 0 .. REQUESTS - 1) {
      used = used || requests[other].id == id || requests[other].seen_id == id ||
        requests[other].watched == id
    };
    if
    :: used -> id++
    :: else -> break
    fi
  :: else -> assert(false)
  od;
  ME.id = id; id = 0; used = false; other = 0
}

inline read() {
  d_step {
    held = token;
    ME.seen_id = lease_id;
    ME.seen_deadline_at = deadline_at;
    ME.behind_the_dead = ME.behind_the_dead && lease_id != NOBODY && NOBODY_ALIVE_HOLDS(lease_id) &&
      (ME.watched == NOBODY || ME.watched == lease_id)
  }
}

/* LeaseWatch.is_free, with domain.lease.may_take_over */
inline is_free() {
  d_step {
    if
    :: ME.seen_id != NOBODY && ME.seen_id != ME.watched ->
      ME.watched = ME.seen_id; ME.unchanged_for = 0
    :: else
    fi;
    free = (ME.seen_id == NOBODY);
#ifndef BROKEN_NO_TAKE_OVER
    free = free || ME.unchanged_for >= UNCHANGED_FOR ||
      CLOCK_OF(me) >= ME.seen_deadline_at + CLOCK_SKEW
#endif
  }
}

inline forget_what_was_seen() {
  held = UNUSABLE; free = false; won = false; ME.behind_the_dead = false;
  ME.seen_id = NOBODY; ME.seen_deadline_at = 0; ME.watched = NOBODY; ME.unchanged_for = 0
}

inline hold() {
  new_lease();
  lease = HELD; lease_id = ME.id; deadline_at = ME.left + CLOCK_OF(me);
  ME.state = HOLDING; ME.slack = LEASE - 1; ME.stalled = false; current = token; won = true
}

#ifdef BROKEN_NO_OBSERVED_ID
#define CONDITION (instead_of != NOBODY || lease_id == NOBODY)
#else
#define CONDITION (lease_id == instead_of)
#endif
#ifdef BROKEN_RETRIED_WRITE_IS_LOST
#define IS_OURS false
#else
#define IS_OURS (ME.id != NOBODY && lease_id == ME.id)
#endif

inline acquire_lease(instead_of) {
  skip;
write:
#ifdef BROKEN_NON_ATOMIC
  won = CONDITION;
#endif
  atomic {
    if
#ifdef BROKEN_NON_ATOMIC
    :: won -> hold()
    :: else
#else
    :: CONDITION -> hold()
    :: !(CONDITION) && IS_OURS -> current = token; won = true
    :: !(CONDITION) && !IS_OURS -> won = false
#endif
    :: mischief > 0 -> disturb(); throttled = true; /* lost, whatever came of a first attempt */
#ifdef BROKEN_THROTTLED_IS_AN_OUTAGE
      ME.state = HOLDING; won = true; current = token
#else
      won = false
#endif
    fi
  };
  atomic {
    if
    :: mischief > 0 && won -> disturb(); goto write /* the answer was lost on its way */
    :: won -> forget_what_was_seen(); goto finish
    :: !won ->
      assert(ME.id == NOBODY || lease_id != ME.id || throttled);
      ME.state = RUNNING;
      ME.id = NOBODY; ME.slack = 0;
      ME.behind_the_dead = false /* somebody else lives */
    fi
  }
}

#ifdef BROKEN_RELEASED_BY_ANYBODY
#define IT_IS_OURS true
#else
#define IT_IS_OURS (lease_id == ME.id)
#endif

inline put_token() {
  d_step {
    if
    :: IT_IS_OURS ->
      assert(lease_id == ME.id);
      token = USABLE; lease = ABSENT; lease_id = NOBODY; deadline_at = LONG_DEAD
    :: else
    fi
  }
}

inline release_lease() {
  d_step {
    if
    :: IT_IS_OURS -> lease = ABSENT; lease_id = NOBODY; deadline_at = LONG_DEAD
    :: else
    fi
  }
}

proctype request(byte me) {
  mtype:usability held = UNUSABLE;    /* the token that it read */
  mtype:usability current = UNUSABLE; /* the token that came with the lease */
  bool free, won, throttled, used;
  byte other, id;

begin:
  {
    atomic {
      ME.state == IDLE && MAY_COME(me) -> ME.state = RUNNING;
      ME.left = FUNCTION_TIMEOUT;
      ME.behind_the_dead = true;
      read();
      if
      :: held == USABLE -> goto answered
      :: held == REPLACEABLE && ME.seen_id != NOBODY -> goto answered
      :: held == REPLACEABLE && ME.seen_id == NOBODY -> goto try_once
      :: held == UNUSABLE -> goto replace_or_wait
      fi
    };

try_once:
    acquire_lease(NOBODY);
    if
    :: goto answered
    :: held = UNUSABLE; goto replace_or_wait /* the try took its time, and the token ran out */
    fi;

replace_or_wait:
    atomic {
      if
      :: held != UNUSABLE -> goto answered
      :: else
      fi;
      is_free();
      if
      :: free && ME.left < EXCHANGE_NEEDS -> goto too_busy
      :: free && ME.left >= EXCHANGE_NEEDS -> goto try_instead
      :: !free -> goto pause
      fi
    };

try_instead:
    acquire_lease(ME.seen_id);

pause:
    atomic {
      if
      :: FUNCTION_TIMEOUT - ME.left >= LEASE_WAIT || ME.left < ANSWER_NEEDS -> goto too_busy
      :: else
      fi;
      ME.state = PAUSING;
      (ME.state == RUNNING);
      read();
      goto replace_or_wait
    };

finish:
    atomic {
#ifndef BROKEN_NO_REREAD
      if
      :: current == USABLE -> goto already_there
      :: else
      fi;
#endif
      current = UNUSABLE;
      assert(token != USABLE || ME.stalled);
      ME.exchanging = true;
      assert(EXCHANGES_ON_TIME <= 1)
    };
    atomic {
      if
      :: mischief > 0 -> disturb(); ME.exchanging = false; release_lease(); goto too_busy
      :: ME.exchanging = false; put_token(); goto answered
      fi
    };

already_there:
    release_lease();
    goto answered;

too_busy:
    assert(!ME.behind_the_dead);
answered:
    assert(ME.id == NOBODY || lease_id != ME.id || ME.stalled || throttled)
  } unless { ME.state == KILLED };

  d_step {
    ME.state = OVER; ME.exchanging = false; ME.id = NOBODY; ME.slack = 0; ME.left = 0;
    ME.seen_id = NOBODY; ME.seen_deadline_at = 0; ME.watched = NOBODY; ME.unchanged_for = 0;
    ME.stalled = false; ME.behind_the_dead = false;
    held = UNUSABLE; current = UNUSABLE; free = false; won = false; throttled = false; used = false; other = 0; id = 0
  };
#ifdef FOREVER
  ME.state = IDLE;
  goto begin
#endif
}

inline tick_one(i) {
  if
  :: LIVES(i) ->
    requests[i].left--;
    if
    :: requests[i].state == HOLDING && requests[i].slack > 0 -> requests[i].slack--
    :: requests[i].state == PAUSING -> requests[i].state = RUNNING
    :: else
    fi;
    if
    :: requests[i].watched != NOBODY && requests[i].unchanged_for < LEASE ->
      requests[i].unchanged_for++
    :: else
    fi;
    if
    :: requests[i].seen_id != NOBODY && requests[i].seen_deadline_at > LONG_DEAD ->
      requests[i].seen_deadline_at--
    :: else
    fi;
    if
    :: requests[i].left == 0 -> requests[i].state = KILLED; requests[i].exchanging = false
    :: else
    fi
  :: else
  fi
}

/* Steps between two pauses take no time worth a tick, and a holder is done within its lease;
 * unless they stall. */
#define AT_WORK(i) (requests[i].state == RUNNING || (requests[i].state == HOLDING && requests[i].slack == 0))
#define READY(i) (!AT_WORK(i) || requests[i].stalled)
#if REQUESTS == 2
#define TIME_MAY_PASS (READY(0) && READY(1))
#else
#define TIME_MAY_PASS (READY(0) && READY(1) && READY(2))
#endif

inline kill(i) {
  d_step {
    mischief > 0 && LIVES(i) ->
      disturb(); requests[i].state = KILLED; requests[i].exchanging = false
  }
}

inline stall(i) {
  d_step { mischief > 0 && AT_WORK(i) && !requests[i].stalled -> disturb(); requests[i].stalled = true }
}

proctype world() {
  byte i, other;
end:
  do
  :: d_step {
      TIME_MAY_PASS ->
        for (i : 0 .. REQUESTS - 1) { tick_one(i) };
        i = 0;
        if
        :: deadline_at > LONG_DEAD -> deadline_at--
        :: else
        fi
    }
  :: d_step { token == USABLE -> token = REPLACEABLE }
  :: d_step { token == REPLACEABLE -> token = UNUSABLE }
  :: kill(0)
  :: kill(1)
  :: stall(0)
  :: stall(1)
#if REQUESTS > 2
  :: kill(2)
  :: stall(2)
#endif
  od
}

init {
  byte i;
  atomic {
    for (i : 0 .. REQUESTS - 1) { run request(i) };
    run world();
    i = 0
  }
}

#ifdef FOREVER
ltl progress { [] <> (token != UNUSABLE) }
#endif
