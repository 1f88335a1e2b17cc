"""The ledger: what every pair earned and what it cost, entry by entry, from a journal or from live decisions.

`shadow` grows the pairs' books again from records, `fold` turns each change of them into entries by cause (`booking`),
with what no pair holds (`unheld`) and gas beside them; `totals` cuts these by pair, venue, asset or day, `explained`
holds what was expected against what came of it. Needs neither trio nor venues. Counterparts: `engine.view` feeds it
while a run goes, `engine.exports` writes its entries to files.
"""
