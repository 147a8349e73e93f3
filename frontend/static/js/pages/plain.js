// Pages for everybody: the theme switch, and faces of the demo's people.
import { fillAll } from "../avatar.js";
import { useThemeSwitch } from "../theme.js";

fillAll();
useThemeSwitch();
