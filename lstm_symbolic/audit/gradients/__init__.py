"""Hand derivations: every gradient that a document states, against what its forward equations give.

``statements`` takes a line apart, ``forward`` finds the step that it speaks of, ``truth`` derives what every adjoint of that step is,
``readings`` goes through the lines and narrows what each adjoint can mean, ``derive`` looks for what is wrong and what would mend it,
``prove`` has the prover's word, ``findings`` says it.
"""

from .findings import gradient_findings

__all__ = ["gradient_findings"]
