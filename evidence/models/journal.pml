/* The refresh journal of one connection, as domain/journal.py and
 * adapters/dynamodb/connection_store.py have it: one item whatever the scope. States and steps
 * bear the code's names.
 *
 *           begin                          finish: number is n + 1, whoever holds the journal
 *    FREE ────────► BEING_REDEEMED ──────────────────────────────────────────────────► FREE
 *     ▲                │    │  │ mark_lost: the provider says that the token is no good
 *     │                │    │  └───────────────────────────────────────► CONSENT_LOST ──► FREE
 *     └──────────────◄─┘    │ deadline_at + skew, without a word                  ▲    late success
 *        release_redemption          ▼                                                 │
 *                         HOLDER_GONE ──begin: the one retry──► BEING_REDEEMED ──► HOLDER_GONE_TWICE
 *
 * The provider rotates: redeeming n gives n+1 and voids n. A forgiving one answers a repeat of
 * the newest redeeming with the same successor; a strict one refuses it and voids the family.
 *
 * What the world may do, `MISCHIEF` times in one run: kill a request at any step, lose a
 * provider's answer after it accepted or refuse to listen (the request then gives the journal
 * back), or let a request live on past its `deadline_at` (a stalled environment, or a clock that is
 * wrong by more than the allowance).
 *
 * Promises
 *   assert   nobody redeems a number while somebody lives who wrote that it does
 *   assert   after a death without a word there is one retry; after two, none
 *   assert   consent_lost: one event for each number, and nothing is spent from there
 *   assert   at the end the newest successor that reached a living request stands in the item
 *   end      no request ever hangs
 */

#ifndef REQUESTS
#define REQUESTS 3
#endif
#ifndef MISCHIEF
#define MISCHIEF 2
#endif
#define NUMBERS (REQUESTS + 2)
#define NOBODY REQUESTS

mtype:journal = { FREE, BEING_REDEEMED, HOLDER_GONE, HOLDER_GONE_TWICE, CONSENT_LOST };
mtype:request = { IDLE, RUNNING, KILLED, OVER };
mtype:answer = { SUCCESSOR, REFUSED, AWAY };

/* What stands in the item: the number, and the journal's one entry. */
typedef Connection {
  byte number;
  byte holder_id = NOBODY;
  bool is_retry;
  bool retry_at; /* the holder has said that the provider was away */
  bool is_lost;
};

#ifdef BROKEN_KEYED_BY_SCOPE
#define ITEMS 2
#define ITEM (me % 2)
#else
#define ITEMS 1
#define ITEM 0
#endif
Connection items[ITEMS];

/* The provider. */
bool forgiving;
byte valid;            /* the number that it will take */
bool family_is_void;

/* What is counted, to judge by. */
byte deaths_retried[NUMBERS];
byte events[NUMBERS];
byte newest;           /* the newest successor that a living request was given */

typedef Request {
  mtype:request state = IDLE;
  bool exchanging;
  byte redeems;         /* this number */
  bool past_its_end;   /* `deadline_at` and the skew are past for everybody, yet it runs on */
};
Request requests[REQUESTS];
byte mischief = MISCHIEF;

#define ME requests[me]
#define IT items[ITEM]
#define LIVES(i) (requests[i].state == RUNNING && !requests[i].past_its_end)
#define REDEEMS(i) (requests[i].exchanging && requests[i].redeems == number && LIVES(i))
#if REQUESTS == 2
#define SOMEBODY_LIVING_SPENDS (REDEEMS(0) || REDEEMS(1))
#else
#define SOMEBODY_LIVING_SPENDS (REDEEMS(0) || REDEEMS(1) || REDEEMS(2))
#endif

inline read() {
  number = IT.number; holder_id = IT.holder_id; is_retry = IT.is_retry;
  if
  :: IT.is_lost -> seen = CONSENT_LOST
  :: !IT.is_lost && (holder_id == NOBODY || IT.retry_at) -> seen = FREE
  :: !IT.is_lost && holder_id != NOBODY && !IT.retry_at ->
    if
#ifndef BROKEN_RACES_THE_LIVING
    :: LIVES(holder_id) -> seen = BEING_REDEEMED
    :: !LIVES(holder_id) && is_retry -> seen = HOLDER_GONE_TWICE
    :: !LIVES(holder_id) && !is_retry -> seen = HOLDER_GONE
#else
    :: is_retry -> seen = HOLDER_GONE_TWICE
    :: !is_retry -> seen = HOLDER_GONE
#endif
    fi
  fi
}

#define SAME_TOKEN (IT.number == number)
#ifdef BROKEN_SPENT_WHEN_LOST
#define NOT_LOST true
#else
#define NOT_LOST (!IT.is_lost)
#endif
#ifdef BROKEN_BLIND_WRITE
#define THE_JOURNAL_AS_IT_WAS_READ true
#else
#define THE_JOURNAL_AS_IT_WAS_READ (IT.holder_id == holder_id)
#endif
#define ITS_OWN_JOURNAL(holder) (IT.holder_id == holder)

inline begin(retry) {
  if
  :: SAME_TOKEN && NOT_LOST && THE_JOURNAL_AS_IT_WAS_READ ->
    if
    :: seen == HOLDER_GONE ->
      deaths_retried[number]++;
      assert(deaths_retried[number] == 1)
    :: else
    fi;
    IT.holder_id = me; IT.is_retry = retry; IT.retry_at = false; begun = true
  :: else -> begun = false
  fi
}

/* Still n? Then the successor stands, whoever is at it by now. */
inline finish() {
  newest = (number + 1 > newest -> number + 1 : newest);
  if
#ifdef BROKEN_KEPT_BY_THE_HOLDER_ONLY
  :: SAME_TOKEN && !IT.is_lost && ITS_OWN_JOURNAL(me) ->
#else
  :: SAME_TOKEN ->
#endif
    IT.number = number + 1; IT.holder_id = NOBODY; IT.is_retry = false; IT.retry_at = false;
    IT.is_lost = false
  :: else
  fi
}

inline release_redemption() {
  if
  :: SAME_TOKEN && ITS_OWN_JOURNAL(me) -> IT.retry_at = true
  :: else
  fi
}

inline tell() { events[number]++; assert(events[number] == 1) }

inline mark_lost(holder) {
#ifdef BROKEN_EVERYBODY_TELLS
  tell();
#endif
  if
  :: SAME_TOKEN && ITS_OWN_JOURNAL(holder) && !IT.is_lost ->
    IT.is_lost = true;
#ifndef BROKEN_EVERYBODY_TELLS
    tell()
#endif
  :: else
  fi
}

proctype request(byte me) {
  mtype:journal seen = FREE;
  mtype:answer heard = AWAY;
  byte number, holder_id;
  bool is_retry, begun;

  {
    ME.state = RUNNING;
look: skip;
    d_step { read() };
    if
    :: seen == FREE -> d_step { begin(is_retry) }
#ifdef BROKEN_RETRIED_FOREVER
    :: seen == HOLDER_GONE || seen == HOLDER_GONE_TWICE -> d_step { seen = HOLDER_GONE; begin(true) }
#else
    :: seen == HOLDER_GONE -> d_step { begin(true) }
    :: seen == HOLDER_GONE_TWICE -> d_step { mark_lost(holder_id) }; goto done
#endif
    :: seen == BEING_REDEEMED -> goto done /* too busy; it asks again */
    :: seen == BEING_REDEEMED -> /* it waits */
      (!SAME_TOKEN || !ITS_OWN_JOURNAL(holder_id) || IT.is_lost || IT.retry_at || !LIVES(holder_id));
      goto look
    :: seen == CONSENT_LOST ->
#ifdef BROKEN_SPENT_WHEN_LOST
      d_step { begin(true) }
#else
      goto done /* consent_required */
#endif
    fi;
    if
    :: !begun -> goto look
    :: begun
    fi;

    d_step {
      assert(ME.past_its_end || !SOMEBODY_LIVING_SPENDS);
      assert(ME.past_its_end || events[number] == 0);
      ME.exchanging = true; ME.redeems = number
    };
    d_step {
      if
      :: !family_is_void && number == valid -> valid = number + 1; heard = SUCCESSOR
      :: !family_is_void && number + 1 == valid && forgiving -> heard = SUCCESSOR
      :: else -> family_is_void = true; heard = REFUSED
      fi
    };
    if
    :: d_step { mischief > 0 -> mischief--; heard = AWAY } /* it never arrived */
    :: true
    fi;
    d_step {
      ME.exchanging = false;
      if
      :: heard == SUCCESSOR -> finish()
      :: heard == REFUSED -> mark_lost(me)
      :: heard == AWAY -> release_redemption()
      fi
    };
done:
    skip
  } unless { ME.state == KILLED };

  d_step {
    ME.state = OVER; ME.exchanging = false; ME.redeems = 0; ME.past_its_end = false;
    seen = FREE; heard = AWAY; number = 0; holder_id = 0; is_retry = false; begun = false
  }
}

inline kill(i) {
  d_step {
    mischief > 0 && requests[i].state == RUNNING ->
      mischief--; requests[i].state = KILLED; requests[i].exchanging = false
  }
}

inline outlive(i) { d_step { mischief > 0 && LIVES(i) -> mischief--; requests[i].past_its_end = true } }

proctype world() {
  do
  :: kill(0)
  :: kill(1)
  :: outlive(0)
  :: outlive(1)
#if REQUESTS > 2
  :: kill(2)
  :: outlive(2)
#endif
  :: timeout -> break
  od;
  /* Everybody has ended. */
  assert(items[0].number == newest)
}

init {
  byte i;
  atomic {
    if
    :: forgiving = true
    :: forgiving = false
    fi;
    for (i : 0 .. REQUESTS - 1) { run request(i) };
    run world();
    i = 0
  }
}
