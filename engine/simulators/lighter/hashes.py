"""The venue's hash of a transaction: Poseidon2 over the Goldilocks field, squeezed into five elements.

A client knows the hash from its signing library before it sends, and may ask for the transaction by it. Constants:
elliottech/poseidon_crypto, `hash/poseidon2_goldilocks_plonky2`; order of the fields: elliottech/lighter-go,
`types/txtypes` (2026-06). Neither the signature nor the order of sending is part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.simulators.lighter.transactions import CANCEL_ALL_MARKET, Asked
from engine.venues.lighter.wire import NIL_MARKET_INDEX
from engine.venues.lighter.wire_orders import CancelAllInfo, CancelOrderInfo, CreateOrderInfo, UpdateLeverageInfo

PRIME = 2**64 - 2**32 + 1
WIDTH, RATE, ELEMENTS, ATTRIBUTES = 12, 8, 5, 4
_FULL_ROUNDS = """
    d70193d17ab3b7d6 a2c3662a78a9162b 7a9fda827556ad44 e8d5501818c99643 4c7a8fced4d5fd38 55ab38985c0c513d
    28a17bd016210b0b 8f8277679ec32fa8 768b3c3d68a460e9 872a022eb559d941 d1316dd4b3b97973 a7b608e578321000
    3fa02c87b0bee026 7a38f0022e13c31e 00c054f3c5e8d20d 439f50f4bca7242f 4d0938aa57cd517f b2e03ac5fb6b9a7d
    e29d1f4237bedca8 05b7c844bc99b848 91cc0b73f34e17ed 876e4427694bd755 67002ae0725c612d 05351f20e0b6315f
    2e3b9ef5457eb60b d9ac17618c3783dd 0807528ad8874bcf c78d546a455d2a0e f8b930c81e2481f0 712707d8dff3b041
    dcb8c0aa0b9d34c3 9baddbdf2ee3a468 2dd16d50c5176c78 89eac5cfbc075cd3 2a741dea181587f3 1a4d6aa85a113d84
    4d736286a2387e34 8bad5dfc4fcb3ee3 84fbd03adb77c56a 8d5cdd1a23ec53a2 036f08f08fff28ec b717a3f4dbdfb443
    58a074b5509d645c f92bf834e4b87718 1541c3a0baa5ac4b 22149e6783e67692 9be8b5d9e112476f 41e0969f62babb76
    bc585ad3b9443dbb f28dd3206975cbb1 dd8815e53ca045e0 de82c416b9e701ba c5cb875233afa025 7212697cd897ffa9
    67844790aa63cfd7 dc0b9cfa97fe65c3 e8fe091869a82070 62902bb2e413c6d1 29f9f5001fb84f57 be1014796ef5f8be
    71feb53e9bdba19c 251054f592ebb71c e1a57643a4bb284b a4ba6f87a45b739b 2c1fcade0b958c49 bbb424cda9a3e360
    2ca647354c5f3f54 c9277b64d152e084 dbc9ac97445eff17 6f6cdf3198969f70 1de29d14fa76d8f1 73337458a8cc1d19
    b87e775e2fb3ab23 f166a1c7a565c80b b24be06f426c747f c281e8c49482ce00 51974c3b3b726c2d 87444cf8caf7d619
    7c362f827a580ced 9567af14667647a0 cbf0473cbec54e37 e3209dedeff4f620 d43ad94e45a4c4ee 976981ee73f41768
    ef707a224e207258 2fc779e10e6362ee 29b5ee60ad8c891f 96b37b39d8bfd667 877df68a8b22e733 5c41746f562c8d9f
    0c9d76751052b71a fb3465341bf1c087 a0d14dc614d15eb1 dc27d17136906fa6 482e163b05ec397f 0273a462992366ef
"""
_PARTIAL_ROUNDS = """
    a571418d95897b60 8f32676574fcf6d3 731102d4e3fb1bbe 0330f08328a82d2b 7f0449b6557f785d 62f06210658dcbcb
    d5a98af9f89c458b 77ec69083a346385 ef7ca48bbc27f890 53e9652f61eac532 a71c634abff4f0cc b16f5f0d7e28ea29
    c9dde31d0a003ab2 2ddadf9775902533 e4fa73fb16408b47 90242ebc00d2ee59 bb02dffd9f381982 dea328364c50907c
    1395d3b924857cf8 7d3ead0d5aec04e6 c2f12be3fed74668 0ba3c338f8c3d285
"""
_DIAGONAL = """
    c3b6c08e23ba9300 d84b5de94a324fb6 0d0c371c5b35b84f 7964f570e7188037 5daf18bbd996604b 6743bc47b9595257
    5528b9362c59bb70 ac45e25b7127b68b a2077d7dfbb606b5 f3faac6faee378ae 0c6388b51545e883 d27dbb6944917b60
"""


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word, 16) for word in text.split())


FULL = tuple(_numbers(_FULL_ROUNDS)[start : start + WIDTH] for start in range(0, 8 * WIDTH, WIDTH))
"""Four full rounds before and four after the partial ones."""
PARTIAL, DIAGONAL = _numbers(_PARTIAL_ROUNDS), _numbers(_DIAGONAL)


def hash_of(chain_id: int, tx_type: int, asked: Asked) -> str:
    """40 bytes as hex: the elements of the transaction, and of its attributes if it has any."""
    head = (chain_id, tx_type, asked.nonce, asked.expired_at, asked.account_index, asked.api_key_index)
    elements = squeezed((*head, *_fields(asked)))
    attributes = _attributes(asked)
    if attributes:
        elements = squeezed((*elements, *squeezed(attributes)))
    return b"".join(element.to_bytes(8, "little") for element in elements).hex()


def _fields(asked: Asked) -> tuple[int, ...]:
    match asked:
        case CreateOrderInfo():
            return (*_what(asked), *_how(asked))
        case CancelOrderInfo():
            return asked.market_index, asked.index
        case CancelAllInfo():
            return asked.time_in_force, asked.time
        case UpdateLeverageInfo():
            return asked.market_index, asked.initial_margin_fraction, asked.margin_mode


def _what(asked: CreateOrderInfo) -> tuple[int, ...]:
    return asked.market_index, asked.client_order_index, asked.base_amount, asked.price, asked.is_ask


def _how(asked: CreateOrderInfo) -> tuple[int, ...]:
    return asked.type, asked.time_in_force, asked.reduce_only, asked.trigger_price, asked.order_expiry


def _attributes(asked: Asked) -> list[int]:
    """Number and value of each attribute that says something, in order, padded to four; empty when none does."""
    given = sorted((int(kind), value) for kind, value in (asked.l2_tx_attributes or {}).items())
    silent = {int(CANCEL_ALL_MARKET): NIL_MARKET_INDEX}
    pairs = [pair for pair in given if pair[1] != silent.get(pair[0], 0)]
    padded = pairs + [(0, 0)] * (ATTRIBUTES - len(pairs))
    return [number for pair in padded for number in pair] if pairs else []


def squeezed(numbers: Sequence[int]) -> list[int]:
    """Five field elements out of any number of integers, eight absorbed at a time."""
    state = [0] * WIDTH
    for start in range(0, len(numbers), RATE):
        absorbed = numbers[start : start + RATE]
        state[: len(absorbed)] = [number % PRIME for number in absorbed]
        state = _permuted(state)
    return state[:ELEMENTS]


def _permuted(state: list[int]) -> list[int]:
    half = len(FULL) // 2
    state = _full_rounds(_mixed(state), FULL[:half])
    for constant in PARTIAL:
        first = pow(state[0] + constant, 7, PRIME)
        total = first + sum(state[1:])
        products = (number * factor for number, factor in zip((first, *state[1:]), DIAGONAL, strict=True))
        state = [(total + product) % PRIME for product in products]
    return _full_rounds(state, FULL[half:])


def _full_rounds(state: list[int], rounds: Iterable[Sequence[int]]) -> list[int]:
    for constants in rounds:
        state = _mixed([pow(number + add, 7, PRIME) for number, add in zip(state, constants, strict=True)])
    return state


def _mixed(state: Sequence[int]) -> list[int]:
    """Each four times the matrix that circles (2, 3, 1, 1), then each column's sum added to its members."""
    fours = [_circled(state[start : start + 4]) for start in range(0, WIDTH, 4)]
    sums = [sum(column) for column in zip(*fours, strict=True)]
    return [(four[place] + sums[place]) % PRIME for four in fours for place in range(4)]


def _circled(four: Sequence[int]) -> list[int]:
    total = sum(four)
    return [total + four[place] + 2 * four[(place + 1) % 4] for place in range(4)]
