"""The finding codes: one table, one row a code, and what ``explain CODE`` says about it.

The letter is the usual severity (E error, W warning, N note), the hundred is the subject: 1 reading, 2 a formula that is wrong, 3 doubtful
notation, 4 numbers, 5 worth knowing. A code of the 200s says *what one edit would mend*, not what the formula was held against (the
known cell, the gradient of the document's own cell, another line of the document): the message of the finding says that. So the codes do
not overlap, and a new kind of mistake is a new row.
"""

from __future__ import annotations

import difflib
import textwrap
from dataclasses import dataclass

from ..errors import LstmSymbolicError

SEVERITY = {"E": "error", "W": "warning", "N": "note"}
SUBJECTS = {"1": "reading", "2": "wrong formulas", "3": "doubtful notation", "4": "numbers", "5": "worth knowing"}


@dataclass(frozen=True)
class Code:
    """A kind of finding: its title, an explanation, and an example as it stands (``wrong``) and mended (``right``)."""

    code: str
    title: str
    text: str
    wrong: str
    right: str

    @property
    def severity(self) -> str:
        return SEVERITY[self.code[0]]

    @property
    def subject(self) -> str:
        return SUBJECTS[self.code[1]]


_ROWS = (
    Code(
        "E101", "the formula cannot be read",
        "No grammar reads this formula, and no repair that the audit knows makes it readable. The message points at the first "
        "place where reading stopped. Nothing else is said about this formula, and the system around it is judged without it. "
        "Often a command has lost its backslash or an operator its operand.",
        r"h_t = o_t \odot", r"h_t = o_t \odot \tanh(C_t)",
    ),
    Code(
        "E102", "a bracket or a delimiter is not closed",
        r"A brace, bracket, \left, \begin or mathematical delimiter has no partner. TeX would stop here, and a reader has to "
        "guess how far a subscript or a function reaches. The caret stands at the bracket that is left over.",
        r"f_t = \sigma(W_f x_t + b_f", r"f_t = \sigma(W_f x_t + b_f)",
    ),
    Code(
        "E103", "the formula is too long or nested too deeply",
        "Reading stops at fixed limits of length, nesting and time, so that no document can make the audit hang. A formula "
        "written by a person stays far below them. Split the formula, or name its parts.",
        "{{{{ … 10000 braces … }}}}", r"a_t = W x_t,\quad h_t = \tanh(a_t)",
    ),
    Code(
        "E104", "a command has no known meaning",
        "The formula uses a command that is neither standard mathematics nor defined in the document. Its meaning decides the "
        r"formula, so it is not guessed. Define it with \newcommand in the document, or write what it stands for.",
        r"h_t = \squash(C_t)", r"\newcommand{\squash}{\tanh}",
    ),
    Code(
        "E201", "another symbol belongs here",
        "With one symbol exchanged the formula is equal to what it should be; as it stands it is not. Typical cases are the "
        "candidate where the cell state belongs, and the weight of one gate in the line of another. A consistent renaming is no "
        "error: symbols are matched by their role before anything is compared.",
        r"h_t = o_t \odot \tanh(\tilde{C}_t)", r"h_t = o_t \odot \tanh(C_t)",
    ),
    Code(
        "E202", "a time index is wrong",
        "A symbol is right and its time is not: x_{t-1} where the input of this step belongs, or f_t where the carry of an "
        "adjoint comes from step t+1. Such a slip is invisible in a single step that starts from zero. The witness therefore "
        "gives different values to the neighbouring steps.",
        r"\delta C_t = \delta h_t \odot o_t \odot (1 - \tanh^2 C_t) + \delta C_{t+1} \odot f_t",
        r"\delta C_t = \delta h_t \odot o_t \odot (1 - \tanh^2 C_t) + \delta C_{t+1} \odot f_{t+1}",
    ),
    Code(
        "E203", "a factor is missing",
        "A product lacks one of its factors: a gate that is computed and then not applied, or the derivative of an activation "
        "in a backward pass. With the factor added the formula is equal to what it should be. A symbol that is defined and "
        "never used (W305) often points at the same mistake.",
        r"\tilde{h}_t = \tanh(W [h_{t-1}, x_t])", r"\tilde{h}_t = \tanh(W [r_t \odot h_{t-1}, x_t])",
    ),
    Code(
        "E204", "a function is taken of the wrong expression",
        "The function and its factors are the right ones, but a factor stands inside the function instead of beside it, or the "
        "other way round. The two differ unless the factor is 0 or 1: tanh(C o) is not o tanh(C). The witness shows both "
        "values.",
        r"h_t = \tanh(C_t \odot o_t)", r"h_t = o_t \odot \tanh(C_t)",
    ),
    Code(
        "E205", "a function too many",
        "A function is applied where none belongs. A sigmoid around the cell state, for instance, confines the state to (0, 1) "
        "and destroys the additive memory of the LSTM. Without the function the formula is equal to what it should be.",
        r"C_t = \sigma(f_t \odot C_{t-1} + i_t \odot \tilde{C}_t)", r"C_t = f_t \odot C_{t-1} + i_t \odot \tilde{C}_t",
    ),
    Code(
        "E206", "a function is missing",
        "An expression stands bare where a function of it belongs, such as a gate without its sigmoid. Where the formula is "
        "that of a known variant (an LSTM without output activation), N501 is reported instead. "
        "Without it a gate is not confined to (0, 1), and the recurrence may grow without bound.",
        "f_t = W_f [h_{t-1}, x_t] + b_f", r"f_t = \sigma(W_f [h_{t-1}, x_t] + b_f)",
    ),
    Code(
        "E207", "a term is missing",
        "A sum lacks one of its terms: the carry from step t+1 in a backward pass, or the forget path of the cell state. At T = "
        "1 such a formula looks right, because the missing term is zero there. The note names the term.",
        r"\delta C_t = \delta h_t \odot o_t \odot (1 - \tanh^2 C_t)",
        r"\delta C_t = \delta h_t \odot o_t \odot (1 - \tanh^2 C_t) + \delta C_{t+1} \odot f_{t+1}",
    ),
    Code(
        "E208", "a term or a factor too many",
        "Without one term, or one factor, the formula is equal to what it should be. The span covers what has to go. Where the "
        "longer formula is a known variant, such as the peephole terms of an LSTM, N501 is reported instead.",
        r"h_t = o_t \odot i_t \odot \tanh(C_t)", r"h_t = o_t \odot \tanh(C_t)",
    ),
    Code(
        "E209", "the wrong kind or order of product",
        "A matrix product stands where an elementwise product belongs, or the other way round, or the factors of a matrix "
        r"product stand in the wrong order. For scalars the two agree, so the witness has dimension 2. A mere sign (\cdot, *, "
        r"\otimes) is read by the shapes of its factors and is no error.",
        r"\partial L / \partial W = \sum_t \delta a_t \odot x_t^\top", r"\partial L / \partial W = \sum_t \delta a_t x_t^\top",
    ),
    Code(
        "E210", "a sign is wrong",
        "A term has the opposite sign, as in 1 + tanh^2 for the derivative 1 - tanh^2. With the sign changed the formula is "
        "equal to what it should be. Exchanging z and 1 - z throughout is a convention (N503) and no error.",
        r"\tanh'(a) = 1 + \tanh^2(a)", r"\tanh'(a) = 1 - \tanh^2(a)",
    ),
    Code(
        "E211", "the document contradicts itself",
        "Two statements of one document define the same quantity and are not equal. Nothing says which of them is meant, so "
        "both places are shown. A change of notation between the two is no contradiction: names are matched first.",
        r"h_t = \tanh(C_t \odot o_t), and below h_t = \tanh(C_t) \odot o_t", r"h_t = \tanh(C_t) \odot o_t in both places",
    ),
    Code(
        "E212", "another function belongs here",
        "A function is applied to the right argument, but it is not the right function, such as a sigmoid for the candidate or "
        "sigma for its derivative. Functions under another name with the same values (2 sigma(2x) - 1 for tanh) are no error. "
        "The witness is an argument at which the two functions differ.",
        r"\tilde{C}_t = \sigma(W_C [h_{t-1}, x_t] + b_C)", r"\tilde{C}_t = \tanh(W_C [h_{t-1}, x_t] + b_C)",
    ),
    Code(
        "E213", "another operation belongs here",
        "The operands are right and the operation between them is not: a sum where a product belongs, a quotient for a product. "
        "One operator exchanged makes the formula equal to what it should be. "
        "The shapes fit either way, so only the values give it away.",
        r"C_t = f_t \odot C_{t-1} + \sigma(i_t) + \tanh(g_t)", r"C_t = f_t \odot C_{t-1} + \sigma(i_t) \odot \tanh(g_t)",
    ),
    Code(
        "E214", "a transpose is missing or too many",
        "A matrix has to be transposed here, or must not be. In a backward pass the error travels through W^T, and the gradient "
        "of a weight is an outer product with a transposed input. With square matrices the shapes do not reveal it, so the "
        "witness has dimension 2.",
        r"\delta h_{t-1} = U \delta a_t", r"\delta h_{t-1} = U^\top \delta a_t",
    ),
    Code(
        "E215", "a number is wrong",
        "A coefficient, a constant or an exponent is wrong, such as a factor 1/2 without reason or an exponent lost. With the "
        "number exchanged the formula is equal to what it should be. "
        "The witness uses small integers, so that it can be checked by hand.",
        r"\delta a_t = \delta h_t \odot (1 - h_t)", r"\delta a_t = \delta h_t \odot (1 - h_t^2)",
    ),
    Code(
        "E216", "brackets are missing or misplaced",
        "The symbols are right and grouped wrongly, such as a sum under a product sign without its brackets. The reading "
        "follows the usual precedence of operators, and that reading is not equal to what is meant. Brackets as in the fix make "
        "it equal.",
        r"\delta_k = \prod_{j} W_j \delta_o + V_j \delta_f", r"\delta_k = \prod_{j} (W_j \delta_o + V_j \delta_f)",
    ),
    Code(
        "E217", "a sum or product runs over the wrong range",
        "The body of a sum or a product over time is right and its first or last index is not. The parameter gradients of a "
        "cell are sums over all steps from 1 to T. A range that is one short is often invisible at T = 1.",
        r"\frac{\partial L}{\partial b} = \sum_{t=2}^{T} \delta a_t", r"\frac{\partial L}{\partial b} = \sum_{t=1}^{T} \delta a_t",
    ),
    Code(
        "E218", "the shapes do not fit",
        "No reading of the products and no choice of row or column vectors makes the dimensions agree. The note gives the "
        "smallest set of operations that contradict each other. Often a transpose is missing, or a declared shape is not the "
        "one that is used.",
        r"h_t = \tanh(x_t W), \quad x_t \in \mathbb{R}^{m \times 1}, W \in \mathbb{R}^{n \times m}", r"h_t = \tanh(W x_t)",
    ),
    Code(
        "E219", "a quantity is defined by itself",
        "A symbol of one time step stands in its own definition, directly or through other lines, so the equations cannot be "
        "computed in any order. Usually a time index t-1 is missing, or the candidate has the name of the state. "
        "Reference to an earlier step is what a recurrence is made of and is no error.",
        r"c_t = f_t \odot c_{t-1} + i_t \odot c_t", r"c_t = f_t \odot c_{t-1} + i_t \odot g_t",
    ),
    Code(
        "E220", "an equals sign does not hold",
        "In a chain a = b = c, or in a step of a derivation, two sides are not equal for all values. The span covers the step "
        "that fails; the steps before it hold. The witness gives values for which the two sides differ.",
        r"\sigma' = \sigma (1 - \sigma) = \sigma - \sigma(a^2)", r"\sigma' = \sigma (1 - \sigma) = \sigma - \sigma^2",
    ),
    Code(
        "E221", "not the cell that was asked for",
        "With --against the document has to describe the given cell or document, and it does not. The witness gives values at "
        "which the two differ. Where a single edit explains the difference, the code of that edit is reported instead.",
        r"h_t = \tanh(W x_t + U h_{t-1} + b), against lstm", "the equations of lstm",
    ),
    Code(
        "E299", "not equal, and no single edit explains it",
        "The formula is refuted, a witness proves it, but no single edit makes it equal to what it should be. There are two or "
        "more mistakes, or something else is meant. The note lists the terms that stand on one side only.",
        r"h_t = \tanh(o_t + C_{t-1})", r"h_t = o_t \odot \tanh(C_t)",
    ),
    Code(
        "W301", "damaged text was repaired by a guess",
        "The formula was damaged on its way into this file (an eaten backslash, a flattened subscript, a letter for a symbol), "
        "and more than one repair was possible. The reading shown is the one that makes the system close. Look at the repair "
        "and write what is meant.",
        "o_t = 6 (X_t W_o + h_{t-1} U_o)", r"o_t = \sigma(X_t W_o + h_{t-1} U_o)",
    ),
    Code(
        "W302", "one name for two quantities",
        "The same symbol stands for different things: the candidate and the cell state, or one W for the weights of all gates. "
        "Readers, and programs, cannot tell them apart. The formulas are judged with the two kept apart where the document "
        "allows it.",
        r"C_t = \tanh(W_C x_t),\; C_t = f_t C_{t-1} + i_t C_t", r"\tilde{C}_t = \tanh(W_C x_t),\; C_t = f_t C_{t-1} + i_t \tilde{C}_t",
    ),
    Code(
        "W303", "two names for one quantity",
        "Two symbols play the same role in one system, so they were read as one. Case flips (o and O), a digit for a letter (0 "
        "and o) and a changed subscript are typical. The proof goes through only with the two identified.",
        r"C_3 = f_t C_{t-1} + i_t \tilde{C}_t,\; h_t = o_t \tanh(C_t)", r"C_t = f_t C_{t-1} + i_t \tilde{C}_t,\; h_t = o_t \tanh(C_t)",
    ),
    Code(
        "W304", "used and never defined",
        "A symbol that has the role of a gate or an intermediate value appears on the right and no formula defines it. It is "
        "taken as a free input. A weight, a bias and the input x need no definition; a weight is reported where a worked example "
        "gives numbers to most others and none to this one.",
        r"c_t = \Gamma_u \odot \tilde{c}_t + (1 - \Gamma_u) \odot c_{t-1}", r"\Gamma_u = \sigma(W_u [c_{t-1}, x_t] + b_u)",
    ),
    Code(
        "W305", "defined and never used",
        "A gate or an intermediate value is computed and reaches no output. Usually a factor was forgotten, or another letter "
        "is used where it belongs. "
        "It is a warning and no error, because the outputs may be right without it.",
        r"r_t = \sigma(\ldots),\; \tilde{h}_t = \tanh(W [h_{t-1}, x_t])", r"\tilde{h}_t = \tanh(W [r_t \odot h_{t-1}, x_t])",
    ),
    Code(
        "W306", "a suspicious number",
        "A number is far from its neighbours in a way that a lost decimal point, sign or blank explains. It is used as it "
        "stands. A worked value that does not follow from it is reported separately (E401).",
        "[0.34 85 0.12]", "[0.34 .85 0.12]",
    ),
    Code(
        "W307", "two readings fit",
        "The formula can be read in two ways that are not equal, and the system closes with both, or nearly. The reading with "
        "the better fit is used and the other is given in the note. Brackets, or a distinct sign for the elementwise product, "
        "settle it.",
        r"h_t = \tanh W x_t + b", r"h_t = \tanh(W x_t + b)",
    ),
    Code(
        "W308", "two names have exchanged their roles",
        "Two symbols stand in each other's place compared with the rest of the document, such as W for the input and U for the "
        "state in one line and the other way round in the next. Renamed consistently the formulas agree, so nothing is refuted. "
        "Readers of both places will mix them up.",
        r"f_t = \sigma(W_f x_t + U_f h_{t-1}),\; i_t = \sigma(U_i x_t + W_i h_{t-1})",
        r"f_t = \sigma(W_f x_t + U_f h_{t-1}),\; i_t = \sigma(W_i x_t + U_i h_{t-1})",
    ),
    Code(
        "W309", "the words and the formulas give a symbol different roles",
        "The legend or the text calls a symbol one thing, and in the formulas it is another: a value called an input that the "
        "formulas compute, or the descriptions of two gates exchanged. The formulas decide the reading. Only sentences of a "
        "plain form are checked.",
        r"C_t is the candidate, and C_t = f_t C_{t-1} + i_t \tilde{C}_t", r"\tilde{C}_t is the candidate",
    ),
    Code(
        "W310", "a name breaks the pattern of its siblings",
        "The names of the other gates follow a pattern and this one does not. The formula is right after a renaming, so it is "
        "not refuted. A weight called after the wrong gate is easily copied into code as the wrong weight.",
        r"g_t = \tanh(W_{ig} x_t + W_{hc} h_{t-1})", r"g_t = \tanh(W_{ig} x_t + W_{hg} h_{t-1})",
    ),
    Code(
        "W311", "a time index is missing",
        "A quantity of one time step is written without its time, while the same quantity has it elsewhere. It was read as the "
        "quantity at step t. In a recurrence the difference between h and h_{t-1} is the whole content.",
        r"c_t = f \odot c_{t-1} + g_t \odot i_t", r"c_t = f_t \odot c_{t-1} + g_t \odot i_t",
    ),
    Code(
        "W312", "neither proved nor refuted",
        "Within the budget of time and size no proof was found and no counterexample either. The note says what was tried. This "
        "is no finding against the formula: look at it yourself, or give the audit a smaller piece.",
        "a system with an uninterpreted function", "the function written out",
    ),
    Code(
        "W313", "a stated shape is not the one that is used",
        "The document states the shape of a symbol, and the formulas need another one. The formulas decide; where they cannot "
        "be made to fit at all, E218 is reported. Concatenated weights stated with the shape of one part are typical.",
        r"W_f \in \mathbb{R}^{n \times m},\; W_f [h_{t-1}, x_t]", r"W_f \in \mathbb{R}^{n \times (n + m)}",
    ),
    Code(
        "W314", "TeX would reject or misprint this",
        "The meaning is clear, but the source does not compile or prints something else: a double subscript, an index that only "
        r"reaches its first character, a word without \text. The fix has the same meaning. "
        "Browsers that repair such source show something that differs from one renderer to the next.",
        r"X_{TS}_{2},\; W_xh", r"X_{TS_2},\; W_{xh}",
    ),
    Code(
        "W401", "a worked value is rounded wrongly",
        "The value follows from the formula except for its last digit. Either it was cut off instead of rounded, or it was "
        "computed from intermediate values that had been rounded before. Values that differ by more are reported as E401.",
        r"\sigma(0.5) = 0.623", r"\sigma(0.5) = 0.622",
    ),
    Code(
        "E401", "a worked value does not follow",
        "The document computes an example, and this number is not what its own formula gives for its own inputs. The right "
        "value is given to the digits that are printed, enclosed by interval arithmetic. Later steps are recomputed from the "
        "printed value, so that one slip is reported once.",
        r"\sigma(0.5) = 0.731", r"\sigma(0.5) = 0.622",
    ),
    Code(
        "E402", "an impossible value",
        "No input gives this number: a sigmoid outside (0, 1), a tanh outside (-1, 1), a softmax that does not sum to 1. The "
        "inputs of the example need not be known to see it. A value rounded to the end of the range is accepted.",
        r"f_t = \sigma(\ldots) = 1.3", r"f_t = \sigma(\ldots) = 0.79",
    ),
    Code(
        "E403", "the numbers have another shape than the symbol",
        "The vector or matrix that is printed does not have the shape that the formula needs. A missing or a doubled entry, or "
        "a row for a column, is typical. Values computed from it are not judged.",
        r"x_t = [1, 2, 3],\; W \in \mathbb{R}^{4 \times 2}", "x_t = [1, 2]",
    ),
    Code(
        "E404", "a stated size or count is wrong",
        "The document states a dimension or the number of parameters, and the formulas give another one. The note gives the "
        "count by parameter. An LSTM with biases has 4(n(n + m) + n) parameters; with two biases as in PyTorch it has 4n more.",
        "an LSTM with n = 100, m = 50 has 60000 parameters", "it has 60400",
    ),
    Code(
        "E405", "a stated range is wrong",
        "The document says that a state stays between two bounds, and its equations leave them. The finding names exact weights and "
        "inputs, and the step at which it happens. The tanh of an LSTM bounds its hidden state; its cell state can grow by one a step.",
        r"the tanh keeps the cell state C_t within -1 and 1", r"|h_t| < 1,\; |C_t| \le |C_{t-1}| + 1",
    ),
    Code(
        "N401", "a worked value cannot be recomputed",
        "The inputs or weights of the example are not printed, so its values can be neither confirmed nor refuted. The note "
        "names what is missing. Values that are impossible whatever the inputs (E402) are still reported.",
        r"f_1 = \sigma(W_f x_1) = 0.82", r"W_f = 1.5,\; x_1 = 1,\; f_1 = \sigma(1.5) = 0.82",
    ),
    Code(
        "N402", "a worked example agrees",
        "Every value of the example was recomputed from its inputs, and all agree to the digits printed. The table after the "
        "findings shows printed and recomputed values side by side. "
        "It is a note, so that an example without findings is known to have been checked.",
        r"\sigma(0.5) = 0.622", r"\sigma(0.5) = 0.622",
    ),
    Code(
        "N501", "a known variant",
        "The formulas are not those of the plain cell and are those of a published variant, which the message names. Nothing is "
        "wrong as long as the variant is meant. The note says in which line it differs from the plain cell.",
        r"h_t = o_t \odot C_t", r"h_t = o_t \odot \tanh(C_t)",
    ),
    Code(
        "N502", "one product is written in several ways",
        "The same elementwise or matrix product is written with different signs, or once without any, or with a sign that "
        "usually means something else. The shapes decide the reading, so the meaning is the same. One sign throughout, such as "
        r"\odot, is easier to read.",
        r"C_t = f_t \cdot C_{t-1} + i_t * \tilde{C}_t", r"C_t = f_t \odot C_{t-1} + i_t \odot \tilde{C}_t",
    ),
    Code(
        "N503", "z and 1 - z are exchanged",
        "Two conventions for the update gate are in use, z h' + (1 - z) g and (1 - z) h' + z g. They describe the same family "
        "of cells: the sign of the gate's weights and bias turns one into the other. With the same weights they give different "
        "numbers, so the convention matters when weights are copied.",
        r"h_t = (1 - z_t) h_{t-1} + z_t \tilde{h}_t", r"h_t = z_t h_{t-1} + (1 - z_t) \tilde{h}_t",
    ),
    Code(
        "N504", "row vectors",
        "The document writes x W with row vectors, where the known cell is stated with columns. Transposing everything proves "
        "the two equal. All expected formulas and fixes are given in the document's own layout.",
        r"f_t = \sigma(x_t W_f + h_{t-1} U_f + b_f)", r"f_t = \sigma(W_f^\top x_t^\top + U_f^\top h_{t-1}^\top + b_f^\top)",
    ),
    Code(
        "N505", "biases are left out",
        "The formulas have no biases where the known cell has them, so they describe the special case of zero biases. Many "
        "texts do this for brevity. A cell in which only some gates have a bias is reported as a missing term (E207).",
        r"f_t = \sigma(W_f x_t + U_f h_{t-1})", r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)",
    ),
    Code(
        "N506", "damaged text was repaired",
        "The formula was damaged on its way into this file and only one repair makes sense, so its reading is certain. The "
        "repair is listed with the formula. Readers see the damaged text, so the fix is still worth applying.",
        r"f_t = \sigmaig(W_f x_tig)", r"f_t = \sigma\big(W_f x_t\big)",
    ),
    Code(
        "N507", "other parameters, the same cell",
        "The weights are concatenated or split, a bias is written twice, or the gates come in another order. The two families "
        "of cells are equal, and the mapping between the parameters is printed with the system. It is needed when weights are "
        "copied.",
        r"f_t = \sigma(W_f [h_{t-1}, x_t] + b_f)", r"f_t = \sigma(U_f h_{t-1} + V_f x_t + b_f),\; W_f = [U_f\; V_f]",
    ),
    Code(
        "N508", "stated twice",
        "Two systems, in one document or in two, were proved to be the same after renaming. Nothing is wrong; whoever changes "
        "one should change the other. The mapping of the names is printed with the comparison.",
        "equations in the text and again in the summary", "one of them, and a reference",
    ),
    Code(
        "N509", "scalars",
        "The formulas are written for scalars, where the known cell has vectors and matrices. They agree with it in dimension "
        "one. Products that differ only for matrices cannot be told apart here.",
        r"f_t = \sigma(w_f x_t + u_f h_{t-1} + b_f)", r"f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)",
    ),
    Code(
        "N510", "a special case of a known cell",
        "For some choice of its parameters the known cell becomes this one, and not the other way round. Coupled gates, "
        "peepholes set to zero and shared biases are examples. The choice is given in the note.",
        r"C_t = f_t \odot C_{t-1} + (1 - f_t) \odot \tilde{C}_t", "lstm with W_i := -W_f, b_i := -b_f",
    ),
    Code(
        "N512", "a function left open",
        "The text names a nonlinearity without saying which it is, such as phi_h or sigma_c. The system is matched with the usual "
        "function in its place, tanh for a candidate or an output and the logistic function for a gate. Everything said about this "
        "system holds for that choice. Write which function is meant if it is another one.",
        r"h_t = o_t \odot \sigma_h(C_t)", r"h_t = o_t \odot \tanh(C_t)",
    ),
    Code(
        "N511", "a cell that is not in the zoo",
        "The formulas close to a recurrent cell, and no known cell is near enough to be meant. It is not judged against any "
        "other, only for consistency. If it is published, a short file in lstm_symbolic/cells makes it known.",
        r"h_t = \cos(W x_t + U h_{t-1})", r"h_t = \tanh(W x_t + U h_{t-1})",
    ),
)  # fmt: skip

#: Every code by its name.
CODES: dict[str, Code] = {row.code: row for row in _ROWS}


def explain(code: str | None = None) -> str:
    """The page of one code, or the table of all of them.

    >>> print(explain("E210").splitlines()[0])
    E210  a sign is wrong  (error, wrong formulas)
    """
    if code is None:
        return "\n".join(f"{row.code}  {row.title}" for row in sorted(_ROWS, key=lambda r: (r.code[1], r.code)))
    row = CODES.get(code.strip().upper())
    if row is None:
        near = ", ".join(difflib.get_close_matches(code.upper(), CODES, 3, 0.5))
        raise LstmSymbolicError(f"{code!r} is no finding code", hint=f"did you mean {near}?" if near else "explain lists all codes")
    return "\n".join(
        [
            f"{row.code}  {row.title}  ({row.severity}, {row.subject})",
            "",
            *textwrap.wrap(row.text, 78),
            "",
            f"  as written   {row.wrong}",
            f"  {'mended  ' if row.code[0] != 'N' else 'compare '}     {row.right}",
        ]
    )
